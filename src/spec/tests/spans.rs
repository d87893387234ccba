//! Places are bytes of the text, whatever it holds.

use super::fixture::Fixture;
use crate::model::service::Service;
use crate::spec::parse::Parsed;

fn marked(parsed: &Parsed) -> Vec<String> {
    let places = parsed.diagnostics.sorted().into_iter().filter_map(|problem| problem.labels.first());
    places
        .map(|label| {
            let source = parsed.sources.get(label.span.source).expect("a source of this run");
            source.text[label.span.range()].to_owned()
        })
        .collect()
}

#[test]
fn places_after_multi_byte_characters_and_a_byte_order_mark_are_exact() {
    let text = "\u{feff}# 漢字 🎵\nservices:\n  web:\n    image: nginx\n    labels: {größe: \"ü🎵\", 漢: [1]}\n    \
                envirönment: {}\n    command: [\"é\", {x: y}]\n";
    assert_eq!(marked(&Fixture::text(text).parse()), ["[1]", "envirönment", "{x: y}"]);
}

#[test]
fn places_in_windows_files_are_exact() {
    let text = "services:\r\n  web:\r\n    image: nginx\r\n    prots: x\r\n    user: |\r\n      a\r\n      b\r\n    tty: 5\r\n";
    assert_eq!(marked(&Fixture::text(text).parse()), ["prots", "5"]);
}

#[test]
fn a_variable_is_marked_where_it_stands_in_every_style_of_text() {
    let text = "services:\n  web:\n    image: nginx\n    labels:\n      a: x ${A}\n      b: \"ü\\t ${B}\"\n      c: '''${C}'\n      \
                d: |\n        first\n        ${D} x\n      e: >-\n        folded\n        ${E}\n";
    assert_eq!(marked(&Fixture::text(text).parse()), ["${A}", "${B}", "${C}", "${D}", "${E}"]);
}

#[test]
fn every_written_key_has_its_place() {
    let text = "services:\n  vm:\n    privileged: false\n    engine:\n      kind: dind\n      mtu: 1400\n    volumes: [\"data:/x\"]\n    \
                networks:\n      - front\nvolumes:\n  data:\nnetworks:\n  front:\n";
    let parsed = Fixture::text(text).parse();
    let lab = parsed.topology.as_ref().expect("valid");
    let vm: &Service = lab.service(&"vm".parse().expect("valid")).expect("there");
    let at = |key: &str| vm.spans.get(key).map(|span| &text[span.range()]);
    assert_eq!(at("privileged"), Some("false"));
    assert_eq!(at("engine"), Some("engine"));
    assert_eq!(at("engine.kind"), Some("dind"));
    assert_eq!(at("engine.mtu"), Some("1400"));
    assert_eq!(at("volumes.data"), Some("\"data:/x\""));
    assert_eq!(at("networks.front"), Some("front"));
    assert_eq!(at("image"), None);
    assert_eq!(&text[vm.span.range()], "vm");
}
