//! The line at the end of a run.

use crate::event::outcome::Summary;
use crate::model::name::ProjectName;

use super::duration::short;
use super::progress::Tally;
use super::style::{Style, Symbol, Tone};

/// What a run was about, for its last line.
#[derive(Clone, Debug)]
pub struct Ended<'a> {
    /// The lab.
    pub project: &'a ProjectName,
    /// `up`, `down`, …
    pub command: &'a str,
    /// How it went.
    pub summary: &'a Summary,
    /// How the rows stand.
    pub tally: Tally,
}

impl Ended<'_> {
    /// The line, without its end.
    pub fn render(&self, style: Style) -> String {
        let took = short(self.summary.took);
        let project = self.project;
        let s = self.summary;
        if s.is_success() {
            let text = match self.command {
                "down" if s.changed == 0 => format!("{project} is down: nothing of it was there ({took})"),
                "down" => format!(
                    "{project} is down: {} removed ({took})",
                    services(self.tally.removed + self.tally.changed)
                ),
                "down services" | "start" | "stop" | "restart" | "pause" | "unpause" | "kill" | "rm" => {
                    let done = done_of(self.command);
                    match self.tally.changed + self.tally.removed {
                        0 => format!("{project}: nothing to be {done} ({took})"),
                        n => format!("{project}: {} {done} ({took})", services(n)),
                    }
                }
                "build" => {
                    let pushed = match self.tally.pushes {
                        0 => String::new(),
                        n => format!(", {} pushed", count(n, "name")),
                    };
                    format!("{project}: {} built{pushed} ({took})", count(self.tally.images, "image"))
                }
                "push" => {
                    let failed = match self.tally.failed {
                        0 => String::new(),
                        n => format!(", {n} not"),
                    };
                    format!("{project}: {} pushed{failed} ({took})", count(self.tally.pushes, "image"))
                }
                "pull" => {
                    let copied = match self.tally.copies {
                        0 => String::new(),
                        n => format!(", {n} copied into nodes"),
                    };
                    // Those that were allowed to fail.
                    let failed = match self.tally.failed {
                        0 => String::new(),
                        n => format!(", {n} not"),
                    };
                    let images = count(self.tally.images, "image");
                    format!("{project}: {images} pulled{failed}{copied} ({took})")
                }
                "run" => format!("{project}: what it needs is up ({took})"),
                "create" if s.changed == 0 => {
                    format!(
                        "{project} is created: nothing changed, {} ({took})",
                        services(self.tally.unchanged)
                    )
                }
                "create" => format!("{project} is created: {} ({took})", self.came_to()),
                _ if s.changed == 0 => {
                    format!("{project} is up: nothing changed, {} ({took})", services(self.tally.unchanged))
                }
                _ => format!("{project} is up: {} ({took})", self.came_to()),
            };
            return style.paint(Tone::Good, &format!("{} {text}", style.symbol(Symbol::Done)));
        }
        let mut parts = Vec::new();
        // Errors of later plans and services that ended badly after their last step are no rows.
        let failed = self.tally.failed + s.problems;
        for (n, word) in
            [(failed, "failed"), (self.tally.skipped, "held back"), (self.tally.cancelled, "cancelled")]
        {
            if n > 0 {
                parts.push(format!("{n} {word}"));
            }
        }
        let (symbol, head) = if s.interrupted && failed == 0 {
            (Symbol::Cancelled, format!("{project}: {} was broken off", self.command))
        } else {
            let state = match self.command {
                "up" | "down" => self.command,
                other => done_of(other),
            };
            (Symbol::Failed, format!("{project} is not {state}"))
        };
        let tail = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
        style.paint(Tone::Bad, &format!("{} {head}{tail} ({took})", style.symbol(symbol)))
    }

    /// `3 services`, where all were changed; else `1 service changed, 1 removed, 4 unchanged`.
    fn came_to(&self) -> String {
        let Tally { changed, removed, unchanged, .. } = self.tally;
        if removed == 0 && unchanged == 0 {
            return services(changed);
        }
        let parts = [(changed, "changed"), (removed, "removed"), (unchanged, "unchanged")];
        let mut parts = parts.into_iter().filter(|(n, _)| *n > 0);
        let first = parts.next().map(|(n, word)| format!("{} {word}", services(n)));
        let rest = parts.map(|(n, word)| format!("{n} {word}"));
        first.into_iter().chain(rest).collect::<Vec<_>>().join(", ")
    }
}

/// What has become of that which a command has worked on.
fn done_of(command: &str) -> &'static str {
    match command {
        "create" => "created",
        "start" => "started",
        "stop" => "stopped",
        "restart" => "restarted",
        "pause" => "paused",
        "unpause" => "continued",
        "kill" => "killed",
        "rm" | "down services" => "removed",
        "build" => "built",
        "pull" => "pulled",
        "push" => "pushed",
        _ => "done",
    }
}

fn services(n: usize) -> String {
    count(n, "service")
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_up_has_removed_is_not_told_as_changed() {
        let project = ProjectName::new("poc").expect("a name");
        let line = |changed, removed, unchanged| {
            let summary = Summary { changed: changed + removed, ..Summary::default() };
            let tally = Tally { changed, removed, unchanged, ..Tally::default() };
            let ended = Ended { project: &project, command: "up", summary: &summary, tally };
            ended.render(Style { color: false, unicode: false })
        };
        assert_eq!(line(2, 0, 0), "+ poc is up: 2 services (0.0s)");
        assert_eq!(line(2, 1, 0), "+ poc is up: 2 services changed, 1 removed (0.0s)");
        assert_eq!(line(0, 1, 3), "+ poc is up: 1 service removed, 3 unchanged (0.0s)");
    }
}
