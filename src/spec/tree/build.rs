//! Text → tree. Iterative, with limits, so that no text can exhaust the stack or the memory.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle, Span as RawSpan, StructureStyle, Tag, options};

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::span::{SourceId, Span, Spanned};
use crate::spec::problems::Problems;

use super::node::{Merge, Node, Pair, Scalar, Text, Value};
use super::syntax;

/// Collections within collections.
const DEPTH_LIMIT: usize = 200;
/// Keys of a mapping that are compared one by one: most have few, and an index costs more than it saves.
const FEW: usize = 16;
/// Nodes of one file, with every alias counted as what it stands for.
const NODE_LIMIT: usize = 1_000_000;
/// Bytes of one scalar.
const SCALAR_LIMIT: usize = 1 << 20;
/// Bytes of all scalars, with every alias counted as what it stands for.
const TEXT_LIMIT: usize = 32 << 20;

pub(super) const DEPTH_HELP: &str = "A lab file needs a few dozen levels; 200 are the limit.";

/// Reads a text. `None` when it is not YAML or too large; what was noted says why. An empty text is null.
pub(crate) fn build(text: &str, source: SourceId, problems: &Problems) -> Option<Node> {
    Builder {
        text,
        source,
        problems,
        frames: Vec::new(),
        items: Vec::new(),
        pairs: Vec::new(),
        root: None,
        anchors: HashMap::new(),
        nodes: 0,
        bytes: 0,
        refusals: 0,
    }
    .run()
}

struct Builder<'a> {
    text: &'a str,
    source: SourceId,
    problems: &'a Problems,
    frames: Vec<Frame>,
    /// Items of all lists that are open, the outermost list's first: a list takes its own when it closes, and no more room
    /// than they need.
    items: Vec<Node>,
    /// The same of mappings.
    pairs: Vec<Pair>,
    root: Option<Node>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    bytes: usize,
    /// How much was refused.
    refusals: usize,
}

/// What an alias stands for.
struct Anchored {
    node: Node,
    height: usize,
    nodes: usize,
    bytes: usize,
}

/// A collection that is still open.
struct Frame {
    items: Items,
    span: Span,
    head: Option<Span>,
    block: bool,
    merge: Merge,
    anchor: usize,
    /// Counters when it was opened, for the weight of an anchor.
    nodes: usize,
    bytes: usize,
    height: usize,
}

/// What a collection holds so far: its own begin at `from` of all that are open.
enum Items {
    List { from: usize },
    Mapping { from: usize, index: HashSet<Text>, key: Option<Key>, merges: Vec<Node> },
}

/// A key whose value is still to come.
enum Key {
    Text(Spanned<Text>),
    /// `<<`.
    Merge,
    /// Something that was refused as a key.
    Refused,
}

impl Builder<'_> {
    fn run(mut self) -> Option<Node> {
        let options = options! {
            emit_unresolved_aliases: true,
            flow_nesting_limit: DEPTH_LIMIT,
            block_nesting_limit: DEPTH_LIMIT,
        };
        let mut documents = 0;
        for event in Parser::new_from_str_with_options(self.text, options) {
            match event {
                Err(error) => {
                    self.problems.push(syntax::explain(&error, self.text, self.source));
                    return None;
                }
                Ok((Event::DocumentStart(..), span)) => {
                    documents += 1;
                    if documents > 1 {
                        let span = self.span(&span);
                        self.refuse(
                            Code::YamlSyntax,
                            span,
                            "the file holds more than one document",
                            "Keep one: give each other document a file of its own, and name them all with `-f`.",
                        );
                        return self.root;
                    }
                }
                Ok((event, span)) => self.event(event, &span)?,
            }
        }
        if self.refusals > 0 && self.root.is_none() {
            return None;
        }
        let end = Span::new(self.source, self.text.len(), self.text.len());
        Some(self.root.unwrap_or_else(|| {
            Node::new(Value::Scalar(Scalar { text: Text::default(), plain: true, refused: false }), end, end)
        }))
    }

    fn span(&self, span: &RawSpan) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        Span::new(self.source, range.start, range.end)
    }

    fn refuse(&mut self, code: Code, span: Span, message: impl Into<String>, help: &str) {
        self.refusals += 1;
        self.problems.error(code, span, message, help);
    }

    /// `None` ends the reading: a limit is crossed.
    fn event(&mut self, event: Event, raw: &RawSpan) -> Option<()> {
        let span = self.span(raw);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if text.len() > SCALAR_LIMIT {
                    let message = format!("a value of {} MiB stands in the file", text.len() >> 20);
                    let place = self.first_line(span);
                    self.refuse(
                        Code::TooLarge,
                        place,
                        message,
                        "Put the data into a file of its own and mount it.",
                    );
                    return None;
                }
                self.count(1, text.len(), span)?;
                let before = self.refusals;
                let (merge, quoted) = self.tag(tag.as_deref(), raw);
                let refused_tag = self.refusals > before;
                let plain = quoted.map_or(style == ScalarStyle::Plain, |quoted| !quoted);
                let span = self.trimmed(span, style);
                let is_on_one_line = raw.start.line() == raw.end.line();
                let head = if is_on_one_line { span } else { self.first_line(span) };
                let bytes = text.len();
                let mut text = Text::from(text);
                if text.ends_with('\n') && self.ends_without_break(raw, style) {
                    text.pop();
                }
                let scalar = Scalar { text, plain, refused: refused_tag };
                let node = Node { span, head, value: Value::Scalar(scalar), merge };
                self.remember(anchor, &node, 0, 1, bytes)?;
                self.place(node, 0);
            }
            Event::SequenceStart(style, anchor, tag) => {
                let items = Items::List { from: self.items.len() };
                self.open(items, style, anchor, tag.as_deref(), raw)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let items = Items::Mapping {
                    from: self.pairs.len(),
                    index: HashSet::new(),
                    key: None,
                    merges: Vec::new(),
                };
                self.open(items, style, anchor, tag.as_deref(), raw)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
            Event::Alias(anchor) => self.alias(anchor, span)?,
            Event::UnresolvedAlias(name) => {
                self.refuse(
                    Code::UnknownAnchor,
                    span,
                    format!("there is no anchor `{name}` above this alias"),
                    &format!("Define it before with `&{name}`, or quote the text if a `*` was meant."),
                );
                self.place(Node::refused(span), 0);
            }
            _ => {}
        }
        Some(())
    }

    /// Whether a block scalar ends with the file, whose last line does not end: it has no line break then to keep, and
    /// the parser puts one there (YAML 1.2, 8.1.1.2; go-yaml leaves it out).
    fn ends_without_break(&self, raw: &RawSpan, style: ScalarStyle) -> bool {
        let rest = self.text.get(self.span(raw).range().end..).unwrap_or_default();
        matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
            && !self.text.ends_with('\n')
            && rest.is_empty()
    }

    /// The part of a scalar's span that has text: block scalars end with their line breaks.
    fn trimmed(&self, span: Span, style: ScalarStyle) -> Span {
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return span;
        }
        let range = span.range();
        let raw = self.text.get(range.clone()).unwrap_or_default();
        span.until(range.start + raw.trim_end().len())
    }

    /// The part of a span that is on its first line.
    fn first_line(&self, span: Span) -> Span {
        let range = span.range();
        let raw = self.text.get(range.clone()).unwrap_or_default();
        raw.find('\n').map_or(span, |at| span.until(range.start + at))
    }

    fn count(&mut self, nodes: usize, bytes: usize, span: Span) -> Option<()> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.nodes > NODE_LIMIT || self.bytes > TEXT_LIMIT {
            self.refuse(
                Code::TooLarge,
                span,
                "the file stands for more than a million values",
                "Check aliases of aliases: each stands for a copy of all that its anchor holds.",
            );
            return None;
        }
        Some(())
    }

    fn tag(&mut self, tag: Option<&Tag>, raw: &RawSpan) -> (Merge, Option<bool>) {
        let Some(tag) = tag else { return (Merge::Combine, None) };
        match (tag.core_suffix(), tag.original().as_str()) {
            (Some("str"), _) => (Merge::Combine, Some(true)),
            (Some("int" | "float" | "bool" | "null"), _) => (Merge::Combine, Some(false)),
            (Some(_), _) | (None, "!") => (Merge::Combine, None),
            (None, "!reset") => (Merge::Reset, None),
            (None, "!override") => (Merge::Override, None),
            (None, name) => {
                let span = raw.tag_span().map_or_else(|| self.span(raw), |span| self.span(&span));
                self.refuse(
                    Code::NotSupported,
                    span,
                    format!("the tag `{name}` means nothing here"),
                    "Take it away: only `!reset` and `!override` are used, in files that are merged.",
                );
                (Merge::Combine, None)
            }
        }
    }

    fn open(
        &mut self,
        items: Items,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&Tag>,
        raw: &RawSpan,
    ) -> Option<()> {
        let span = self.span(raw);
        if self.frames.len() >= DEPTH_LIMIT {
            self.refuse(Code::TooLarge, span, "the file is nested too deeply", DEPTH_HELP);
            return None;
        }
        let (nodes, bytes) = (self.nodes, self.bytes);
        self.count(1, 0, span)?;
        let (merge, _) = self.tag(tag, raw);
        let block = style == StructureStyle::Block;
        self.frames.push(Frame { items, span, head: None, block, merge, anchor, nodes, bytes, height: 0 });
        Some(())
    }

    fn close(&mut self, end: Span) -> Option<()> {
        let Some(frame) = self.frames.pop() else { return Some(()) };
        let mut span = frame.span;
        let (value, last) = match frame.items {
            Items::List { from } => {
                let items = self.items.split_off(from);
                let last = items.last().map(|item| item.span.end);
                (Value::List(items), last)
            }
            Items::Mapping { from, merges, .. } => {
                let pairs = self.pairs.split_off(from);
                let last = pairs.last().map(|pair| pair.value.span.end.max(pair.key.span.end));
                (Value::Mapping(self.merged(pairs, merges)), last)
            }
        };
        span.end =
            if frame.block { last.unwrap_or(span.end).max(span.start) } else { end.end.max(span.start) };
        let head = match frame.head {
            Some(head) if frame.block => head,
            _ => self.first_line(span),
        };
        let node = Node { span, head, value, merge: frame.merge };
        let height = frame.height + 1;
        self.remember(frame.anchor, &node, height, self.nodes - frame.nodes, self.bytes - frame.bytes)?;
        self.place(node, height);
        Some(())
    }

    /// Puts what `<<` brings below what is written; of several, the first wins.
    fn merged(&mut self, mut pairs: Vec<Pair>, merges: Vec<Node>) -> Vec<Pair> {
        if merges.is_empty() {
            return pairs;
        }
        let mut have: HashSet<Text> = pairs.iter().map(|pair| pair.key.value.clone()).collect();
        let mut queue = Vec::new();
        for node in merges {
            match node.value {
                Value::List(items) => queue.extend(items),
                _ => queue.push(node),
            }
        }
        for node in queue {
            let Value::Mapping(more) = node.value else {
                let help = "Write `<<: *anchor` or `<<: [*a, *b]`, where each anchor holds a mapping.";
                self.refuse(Code::WrongType, node.head, "`<<` merges mappings only", help);
                continue;
            };
            for pair in more {
                if have.insert(pair.key.value.clone()) {
                    pairs.push(pair);
                }
            }
        }
        pairs
    }

    /// Keeps a copy of what an alias may name later. The copy counts as well: anchors nest.
    fn remember(
        &mut self,
        anchor: usize,
        node: &Node,
        height: usize,
        nodes: usize,
        bytes: usize,
    ) -> Option<()> {
        if anchor == 0 {
            return Some(());
        }
        self.count(nodes, bytes, node.head)?;
        self.anchors.insert(anchor, Anchored { node: node.clone(), height, nodes, bytes });
        Some(())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Option<()> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            self.refuse(
                Code::UnknownAnchor,
                span,
                "the alias stands within its own anchor",
                "Take it away: nothing can contain itself.",
            );
            self.place(Node::refused(span), 0);
            return Some(());
        };
        let (nodes, bytes, height) = (anchored.nodes, anchored.bytes, anchored.height);
        if self.frames.len() + height > DEPTH_LIMIT {
            self.refuse(Code::TooLarge, span, "the file is nested too deeply", DEPTH_HELP);
            return None;
        }
        self.count(nodes, bytes, span)?;
        let node = self.anchors.get(&anchor)?.node.clone();
        self.place(node, height);
        Some(())
    }

    /// Puts a finished node into the collection that is open.
    fn place(&mut self, node: Node, height: usize) {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return;
        };
        frame.height = frame.height.max(height);
        frame.head.get_or_insert(node.head);
        match &mut frame.items {
            Items::List { .. } => self.items.push(node),
            Items::Mapping { from, index, key, merges } => match key.take() {
                None => match node.value {
                    Value::Scalar(scalar) if scalar.plain && scalar.text == "<<" => *key = Some(Key::Merge),
                    Value::Scalar(scalar) => {
                        *key = Some(Key::Text(Spanned::new(scalar.text, node.head)));
                    }
                    Value::List(_) | Value::Mapping(_) => {
                        *key = Some(Key::Refused);
                        let help = "Put the key in quotes if it begins with a bracket or a brace.";
                        self.refuse(Code::WrongType, node.head, "a key must be text", help);
                    }
                },
                Some(Key::Text(name)) => {
                    let pairs = &self.pairs[*from..];
                    if let Some(first) = place_of(&name.value, pairs, index) {
                        let problem = Diagnostic::error(
                            Code::DuplicateKey,
                            format!("the key `{}` is there twice", name.value),
                        )
                        .at(name.span, "again")
                        .at(first, "first")
                        .help("Keep one of them.");
                        self.refusals += 1;
                        self.problems.push(problem);
                    } else {
                        if pairs.len() >= FEW {
                            let missing = if index.is_empty() { pairs } else { &[] };
                            index.extend(missing.iter().map(|pair| pair.key.value.clone()));
                            index.insert(name.value.clone());
                        }
                        self.pairs.push(Pair { key: name, value: node });
                    }
                }
                Some(Key::Merge) => merges.push(node),
                Some(Key::Refused) => {}
            },
        }
    }
}

/// Where a key stands in a mapping that is still open. `index` holds the keys of one with more than [`FEW`].
fn place_of(name: &str, pairs: &[Pair], index: &HashSet<Text>) -> Option<Span> {
    if pairs.len() > FEW && !index.contains(name) {
        return None;
    }
    pairs.iter().find(|pair| pair.key.value == name).map(|pair| pair.key.span)
}
