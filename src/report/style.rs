//! Colours and symbols. Meaning survives without either.

use std::fmt::Write;

/// Whether colours and symbols beyond ASCII may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Symbols beyond ASCII.
    pub unicode: bool,
}

/// What a text is, not what it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Done, running, healthy.
    Good,
    /// On the way.
    Busy,
    /// A warning.
    Warn,
    /// Failed.
    Bad,
    /// Of less weight.
    Faint,
    /// Of more weight.
    Strong,
    /// A name: an address, a command.
    Name,
}

/// A symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// A warning.
    Warning,
    /// Waiting for something else.
    Waiting,
    /// Skipped.
    Skipped,
    /// Cancelled.
    Cancelled,
    /// Nothing was to be done.
    Unchanged,
    /// A branch of a tree.
    Branch,
    /// The last branch.
    LastBranch,
    /// The trunk beside a branch.
    Trunk,
    /// The gutter beside quoted lines.
    Gutter,
    /// Something was cut off.
    Ellipsis,
    /// A separator in running text.
    Dot,
    /// From here to there.
    Arrow,
    /// Starts.
    Play,
}

/// Frames of the spinner, with and without symbols beyond ASCII.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPINNER_ASCII: [&str; 4] = ["|", "/", "-", "\\"];

impl Style {
    /// Neither colours nor symbols.
    pub const PLAIN: Self = Self { color: false, unicode: false };

    /// `text` in the colour of `tone`.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let mut out = String::new();
        self.paint_into(&mut out, tone, text);
        out
    }

    /// As [`Style::paint`], at the end of `out`.
    pub fn paint_into(self, out: &mut String, tone: Tone, text: &str) {
        if !self.color || text.is_empty() {
            out.push_str(text);
            return;
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Busy => "36",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Faint => "2",
            Tone::Strong => "1",
            Tone::Name => "1;36",
        };
        write!(out, "\x1b[{code}m{text}\x1b[0m").expect("writing to a string cannot fail");
    }

    /// A colour that stays with `index`, for prefixes that are to be told apart.
    pub fn paint_by_index(self, index: usize, text: &str) -> String {
        const CODES: [&str; 10] = ["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"];
        if self.color {
            format!("\x1b[{}m{text}\x1b[0m", CODES[index % CODES.len()])
        } else {
            text.to_owned()
        }
    }

    /// The text of a symbol; one column wide, but for ASCII branches and arrows.
    pub const fn symbol(self, symbol: Symbol) -> &'static str {
        let (unicode, ascii) = match symbol {
            Symbol::Done => ("✔", "+"),
            Symbol::Failed => ("✘", "x"),
            Symbol::Warning => ("▲", "!"),
            Symbol::Waiting => ("·", "."),
            Symbol::Skipped => ("○", "o"),
            Symbol::Cancelled => ("■", "#"),
            Symbol::Unchanged => ("=", "="),
            Symbol::Branch => ("├─ ", "|- "),
            Symbol::LastBranch => ("└─ ", "`- "),
            Symbol::Trunk => ("│  ", "|  "),
            Symbol::Gutter => ("│", "|"),
            Symbol::Ellipsis => ("…", "~"),
            Symbol::Dot => ("·", "-"),
            Symbol::Arrow => ("→", "->"),
            Symbol::Play => ("▸", ">"),
        };
        if self.unicode { unicode } else { ascii }
    }

    /// Frame `n` of the spinner.
    pub const fn spinner(self, n: usize) -> &'static str {
        if self.unicode { SPINNER[n % SPINNER.len()] } else { SPINNER_ASCII[n % SPINNER_ASCII.len()] }
    }
}
