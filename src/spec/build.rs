//! Parser events → tree: anchors and merge keys resolved, duplicate keys reported, size and depth bounded.

use std::collections::BTreeMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, StructureStyle, Tag};

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::diagnostics::Diagnostics;
use crate::model::span::{SourceId, Span};

use super::tree::{Key, Node, Value};

/// Nesting beyond this is a mistake or an attack; it also bounds the recursion of every later stage.
const MAX_DEPTH: usize = 128;
/// Nodes of one document with its aliases expanded.
const MAX_NODES: usize = 1_000_000;

/// Reads the one document of `text`. `None` when a syntax error leaves nothing to go on with.
pub(in crate::spec) fn build(text: &str, source: SourceId, diagnostics: &mut Diagnostics) -> Option<Node> {
    let options = granit_parser::options! { emit_unresolved_aliases: true };
    let mut builder = Builder {
        text,
        source,
        parser: Parser::new_from_str_with_options(text, options),
        diagnostics,
        anchors: BTreeMap::new(),
        nodes: 0,
    };
    match builder.document() {
        Ok(node) => Some(node),
        Err(Stop::Reported) => None,
        Err(Stop::Syntax(error)) => {
            let problem = builder.syntax(&error);
            builder.diagnostics.push(problem);
            None
        }
    }
}

enum Stop {
    Syntax(ScanError),
    Reported,
}

impl From<ScanError> for Stop {
    fn from(error: ScanError) -> Self {
        Self::Syntax(error)
    }
}

/// What a mapping's events gave.
struct Mapping {
    entries: Vec<(Key, Node)>,
    end: Span,
    height: usize,
}

/// An anchored node with what its expansion costs.
struct Anchored {
    node: Node,
    nodes: usize,
    height: usize,
}

struct Builder<'t, 'd> {
    text: &'t str,
    source: SourceId,
    parser: Parser<'t, StrInput<'t>>,
    diagnostics: &'d mut Diagnostics,
    anchors: BTreeMap<usize, Anchored>,
    nodes: usize,
}

impl<'t> Builder<'t, '_> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, Stop> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Err(error)) => Err(Stop::Syntax(error)),
            Some(Ok((event, span))) => {
                let start = self.offset(&span.start);
                let end = self.offset(&span.end).max(start);
                Ok(Some((event, Span { source: self.source, start, end })))
            }
        }
    }

    fn offset(&self, marker: &Marker) -> usize {
        marker.byte_offset().unwrap_or(0).min(self.text.len())
    }

    fn document(&mut self) -> Result<Node, Stop> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                _ if root.is_some() => {
                    self.diagnostics.push(
                        Diagnostic::error(Code::YamlSyntax, "a lab file holds one YAML document")
                            .at(span, "a second document begins here")
                            .help("put it into a file of its own"),
                    );
                    return Err(Stop::Reported);
                }
                event => root = Some(self.node(event, span, 0)?.0),
            }
        }
        Ok(root.unwrap_or_else(|| Node::null(Span { source: self.source, start: 0, end: 0 })))
    }

    /// The node that `event` begins, and its height.
    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<(Node, usize), Stop> {
        if depth >= MAX_DEPTH {
            return self.too_large(span, format!("nesting goes deeper than {MAX_DEPTH} levels"));
        }
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return self.too_large(span, format!("the document has more than {MAX_NODES} nodes"));
        }
        let before = self.nodes;
        let (anchor, node, height) = match event {
            Event::Alias(id) => return self.alias(id, span, depth),
            Event::UnresolvedAlias(name) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::UnknownAnchor,
                        format!("no anchor `&{name}` stands before this alias"),
                    )
                    .at(span, "")
                    .help(format!("write `&{name}` at the value that is to be repeated")),
                );
                return Ok((Node::null(span), 0));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let reset = local(tag.as_deref()).is_some_and(|tag| tag == "reset");
                let value = if reset || plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    Value::Null
                } else {
                    Value::Scalar { text: text.into_owned(), plain }
                };
                (anchor, Node { span, tag: local(tag.as_deref()), value }, 0)
            }
            Event::SequenceStart(style, anchor, tag) => {
                let (items, end, height) = self.sequence(depth)?;
                let end = close(style, span, end, items.last());
                (anchor, Node { span: end, tag: local(tag.as_deref()), value: Value::Seq(items) }, height)
            }
            Event::MappingStart(style, anchor, tag) => {
                let Mapping { entries, end, height } = self.mapping(depth)?;
                let end = close(style, span, end, entries.last().map(|(_, node)| node));
                (anchor, Node { span: end, tag: local(tag.as_deref()), value: Value::Map(entries) }, height)
            }
            _ => return Ok((Node::null(span), 0)),
        };
        if anchor > 0 {
            let nodes = self.nodes - before + 1;
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, height });
        }
        Ok((node, height))
    }

    fn alias(&mut self, id: usize, span: Span, depth: usize) -> Result<(Node, usize), Stop> {
        let Some(anchored) = self.anchors.get(&id) else {
            self.diagnostics.push(
                Diagnostic::error(Code::UnknownAnchor, "this alias stands within the value that it repeats")
                    .at(span, ""),
            );
            return Ok((Node::null(span), 0));
        };
        let (node, nodes, height) = (anchored.node.clone(), anchored.nodes, anchored.height);
        self.nodes += nodes;
        if self.nodes > MAX_NODES || depth + height >= MAX_DEPTH {
            return self.too_large(span, "aliases expand to more than a lab file ever needs".to_owned());
        }
        Ok((node, height))
    }

    fn sequence(&mut self, depth: usize) -> Result<(Vec<Node>, Span, usize), Stop> {
        let mut items = Vec::new();
        let mut height = 0;
        let mut last = Span { source: self.source, ..Span::default() };
        while let Some((event, span)) = self.next()? {
            last = span;
            if event == Event::SequenceEnd {
                break;
            }
            let (node, below) = self.node(event, span, depth + 1)?;
            height = height.max(below + 1);
            items.push(node);
        }
        Ok((items, last, height))
    }

    fn mapping(&mut self, depth: usize) -> Result<Mapping, Stop> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut places: BTreeMap<String, Span> = BTreeMap::new();
        let mut merges: Vec<Node> = Vec::new();
        let mut height = 0;
        let mut last = Span { source: self.source, ..Span::default() };
        while let Some((event, span)) = self.next()? {
            last = span;
            if event == Event::MappingEnd {
                break;
            }
            let (key, _) = self.node(event, span, depth + 1)?;
            let Some((event, span)) = self.next()? else { break };
            let (value, below) = self.node(event, span, depth + 1)?;
            height = height.max(below + 1);
            let (text, plain) = match key.value {
                Value::Scalar { text, plain } => (text, plain),
                Value::Null => (self.text.get(key.span.start..key.span.end).unwrap_or("").to_owned(), false),
                Value::Seq(_) | Value::Map(_) => {
                    let problem = Diagnostic::error(Code::WrongType, "a key must be a string");
                    self.diagnostics.push(problem.at(key.span, format!("this is {}", key.describe())));
                    continue;
                }
            };
            if plain && text == "<<" {
                merges.push(value);
                continue;
            }
            if let Some(first) = places.get(&text) {
                self.diagnostics.push(
                    Diagnostic::error(Code::DuplicateKey, format!("`{text}` is there twice"))
                        .at(key.span, "again here")
                        .at(*first, "first here")
                        .help("remove one of them"),
                );
                continue;
            }
            places.insert(text.clone(), key.span);
            entries.push((Key { text, span: key.span }, value));
        }
        for merge in merges {
            self.merge(&mut entries, &mut places, merge);
        }
        Ok(Mapping { entries, end: last, height })
    }

    /// `<<`: adds the keys that the mapping does not have itself; of several mappings the first wins.
    fn merge(&mut self, entries: &mut Vec<(Key, Node)>, places: &mut BTreeMap<String, Span>, from: Node) {
        match from.value {
            Value::Map(more) => {
                for (key, node) in more {
                    if !places.contains_key(&key.text) {
                        places.insert(key.text.clone(), key.span);
                        entries.push((key, node));
                    }
                }
            }
            Value::Seq(list) if list.iter().all(|node| matches!(node.value, Value::Map(_))) => {
                for node in list {
                    self.merge(entries, places, node);
                }
            }
            _ => self.diagnostics.push(
                Diagnostic::error(Code::WrongType, "`<<` takes a mapping or a list of mappings")
                    .at(from.span, format!("this is {}", from.describe())),
            ),
        }
    }

    fn too_large<T>(&mut self, span: Span, message: String) -> Result<T, Stop> {
        self.diagnostics.push(Diagnostic::error(Code::TooLarge, message).at(span, ""));
        Err(Stop::Reported)
    }

    fn syntax(&self, error: &ScanError) -> Diagnostic {
        let mut start = self.offset(error.marker());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let end = start + self.text[start..].chars().next().map_or(0, char::len_utf8);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[line_start..].lines().next().unwrap_or("");
        let indent = &line[..line.len() - line.trim_start().len()];
        let span = Span { source: self.source, start, end };
        let problem = Diagnostic::error(Code::YamlSyntax, error.info().to_lowercase()).at(span, "here");
        if indent.contains('\t') {
            problem.help("indent with spaces: YAML does not allow tabs")
        } else {
            problem
        }
    }
}

/// Where a collection ends: at its bracket, or with its last child, since a block ends only where the next
/// thing begins.
fn close(style: StructureStyle, start: Span, end: Span, last: Option<&Node>) -> Span {
    let end = match (style, last) {
        (StructureStyle::Block, Some(node)) if node.span.source == start.source => node.span.end,
        _ => end.end,
    };
    Span { end: end.max(start.start), ..start }
}

fn local(tag: Option<&Tag>) -> Option<String> {
    tag.filter(|tag| tag.handle() == "!").map(|tag| tag.suffix().to_owned())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn read(text: &str) -> (Option<Node>, Vec<(Code, usize)>) {
        let mut diagnostics = Diagnostics::new();
        let node = build(text, SourceId(0), &mut diagnostics);
        let codes = diagnostics
            .iter()
            .map(|d| (d.code, d.labels.first().map_or(usize::MAX, |label| label.span.start)))
            .collect();
        (node, codes)
    }

    fn text_at<'a>(text: &'a str, node: &Node) -> &'a str {
        &text[node.span.start..node.span.end]
    }

    #[test]
    fn spans_are_bytes_also_behind_letters_of_several_bytes() {
        let text = "# größe\na: 'ü'\nb: [ö, xy]\nc:\n  d: end # no\n";
        let (node, codes) = read(text);
        let node = node.expect("it is YAML");
        assert_eq!(codes, []);
        assert_eq!(text_at(text, node.get("a").expect("a")), "'ü'");
        assert_eq!(text_at(text, node.get("b").expect("b")), "[ö, xy]");
        assert_eq!(text_at(text, node.get("c").expect("c")), "d: end");
    }

    #[test]
    fn aliases_and_merge_keys_are_expanded_and_own_keys_win() {
        let (node, codes) = read("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\nz: *x\n");
        let node = node.expect("it is YAML");
        assert_eq!(codes, []);
        let scalar = |text: &str| Value::Scalar { text: text.to_owned(), plain: true };
        let y = node.get("y").expect("y");
        assert_eq!(y.get("a").map(|n| n.value.clone()), Some(scalar("1")));
        assert_eq!(y.get("b").map(|n| n.value.clone()), Some(scalar("3")));
        assert_eq!(node.get("z").map(|n| &n.value), node.get("x").map(|n| &n.value));
    }

    #[test]
    fn broken_files_are_reported_where_they_break() {
        assert_eq!(read("a: 1\nb: 2\na: 3\n").1, [(Code::DuplicateKey, 10)]);
        assert_eq!(read("a: *b\n").1, [(Code::UnknownAnchor, 3)]);
        assert_eq!(read("a: &a [*a]\n").1, [(Code::UnknownAnchor, 7)]);
        assert_eq!(read("a: 1\n---\nb: 2\n").1, [(Code::YamlSyntax, 9)]);
        assert_eq!(read("a: {b: 1\n").1.len(), 1);
        assert_eq!(read("[a]: 1\n").1, [(Code::WrongType, 0)]);
    }

    #[test]
    fn a_tab_in_the_indentation_is_explained() {
        let mut diagnostics = Diagnostics::new();
        build("a:\n\tb: 1\n", SourceId(0), &mut diagnostics);
        let all: Vec<_> = diagnostics.iter().collect();
        assert_eq!(all.len(), 1);
        assert!(all[0].help.as_deref().is_some_and(|help| help.contains("tabs")), "{all:?}");
    }

    #[test]
    fn expansion_and_nesting_are_bounded() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for i in 1..10 {
            let inner = vec![format!("*a{}", i - 1); 10].join(",");
            writeln!(bomb, "a{i}: &a{i} [{inner}]").expect("a string takes all");
        }
        assert_eq!(read(&bomb).1.first().map(|(code, _)| *code), Some(Code::TooLarge));
        let mut chain = "a0: &a0 [x]\n".to_owned();
        for i in 1..200 {
            writeln!(chain, "a{i}: &a{i} [*a{}]", i - 1).expect("a string takes all");
        }
        assert_eq!(read(&chain).1.first().map(|(code, _)| *code), Some(Code::TooLarge));
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert_eq!(read(&deep).1.first().map(|(code, _)| *code), Some(Code::TooLarge));
    }

    #[test]
    fn an_empty_file_is_nothing() {
        assert!(read("").0.is_some_and(|node| node.is_null()));
        assert!(read("# only a comment\n").0.is_some_and(|node| node.is_null()));
    }
}
