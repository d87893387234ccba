//! Files made to exhaust memory, stack or patience.

use std::fmt::Write as _;

use super::fixture::Fixture;
use super::shown::shown;

/// The codes of all problems, once each, in the order of places.
#[track_caller]
fn codes(bytes: &[u8]) -> Vec<&'static str> {
    let parsed = Fixture::bytes(bytes).parse();
    let mut codes: Vec<&str> =
        parsed.diagnostics.sorted().iter().map(|problem| problem.code.as_str()).collect();
    codes.dedup();
    codes
}

#[test]
fn a_scalar_of_ten_megabytes_is_refused_in_every_style() {
    let long = "x".repeat(10 << 20);
    for text in [
        format!("services:\n  web:\n    image: {long}\n"),
        format!("services:\n  web:\n    image: \"{long}\"\n"),
        format!("services:\n  web:\n    image: |\n      {long}\n"),
    ] {
        assert_eq!(codes(text.as_bytes()), ["nest::too-large"]);
    }
    let key = format!("{long}: x\n");
    assert!(!codes(key.as_bytes()).is_empty());
    let parsed =
        Fixture::text(&format!("services:\n  web:\n    image: '{}'\n", "x ".repeat(1 << 16))).parse();
    assert!(shown(&parsed).len() < 1000, "messages repeat only the beginning of a long text");
}

#[test]
fn a_file_of_twenty_megabytes_is_refused() {
    assert_eq!(codes("# comment\n".repeat(2 << 20).as_bytes()), ["nest::too-large"]);
}

#[test]
fn deep_nesting_of_every_kind_is_refused_and_never_overflows() {
    let deep = 100_000;
    for text in [
        "[".repeat(deep),
        "{a: ".repeat(deep),
        "- ".repeat(deep),
        "? ".repeat(deep),
        "a: [".repeat(deep),
        format!("x: {}1{}", "[".repeat(150), "]".repeat(150)),
        (0..1000).fold(String::new(), |mut text, i| {
            writeln!(text, "{}a:", " ".repeat(i)).expect("a string takes all");
            text
        }),
    ] {
        assert!(!codes(text.as_bytes()).is_empty());
    }
}

#[test]
fn aliases_of_aliases_are_counted_as_what_they_stand_for() {
    let mut text = "x0: &x0 [a, a, a, a, a, a, a, a]\n".to_owned();
    for i in 1..200 {
        let names = vec![format!("*x{}", i - 1); 8].join(", ");
        writeln!(text, "x{i}: &x{i} [{names}]").expect("a string takes all");
    }
    assert_eq!(codes(text.as_bytes()), ["nest::too-large"]);
    let long = "v".repeat(1 << 19);
    let text = format!("x-a: &a {long}\nx-b: [{}]\n", vec!["*a"; 1000].join(", "));
    assert_eq!(codes(text.as_bytes()), ["nest::too-large"]);
    // One level a line, each around the one above: deep without a bracket.
    let mut text = "x0: &x0 [a]\n".to_owned();
    for i in 1..5000 {
        writeln!(text, "x{i}: &x{i} [*x{}]", i - 1).expect("a string takes all");
    }
    assert!(codes(text.as_bytes()).contains(&"nest::too-large"));
}

#[test]
fn variables_made_of_variables_have_a_limit() {
    let mut dotenv = "A0=xxxxxxxxxxxxxxxx\n".to_owned();
    for i in 1..64 {
        writeln!(dotenv, "A{i}=${{A{}}}${{A{}}}", i - 1, i - 1).expect("a string takes all");
    }
    let parsed =
        Fixture::texts(&[(".env", &dotenv), ("nest.yaml", "services:\n  web:\n    image: nginx\n")]).parse();
    assert!(shown(&parsed).contains("longer than 1 MiB"), "{}", shown(&parsed));
}

#[test]
fn files_that_multiply_at_each_level_have_a_limit() {
    let names: Vec<String> =
        (0..15).map(|i| format!("{}{i}.yaml", if i == 0 { "nest" } else { "l" })).collect();
    let texts: Vec<String> = (0..15)
        .map(|i| {
            let inner = if i < 14 { format!(", inner: {}", names[i + 1]) } else { String::new() };
            let nodes: Vec<String> = (0..8).map(|n| format!("n{n}: {{engine: dind{inner}}}")).collect();
            format!("services: {{{}}}\n", nodes.join(", "))
        })
        .collect();
    let files: Vec<(&str, &str)> =
        names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let parsed = Fixture::texts(&files).parse();
    assert!(shown(&parsed).contains("the lab has more than"), "{}", shown(&parsed));
}

#[test]
fn a_few_hundred_problems_are_enough() {
    let mut text = "services:\n  web:\n    image: nginx\n".to_owned();
    for i in 0..5000 {
        writeln!(text, "    unknown{i}: x").expect("a string takes all");
    }
    let shown = shown(&Fixture::text(&text).parse());
    assert!(
        shown.ends_with("there are more problems than the 200 shown\n  help: Correct these first.\n"),
        "{shown}"
    );
}
