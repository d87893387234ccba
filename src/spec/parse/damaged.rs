//! Damaged labs: any text is read to the end, and every problem points into its text.

use super::tests::lab;

/// A lab in which much stands, for tests that damage it.
const MUCH: &str = r#"
x-a: &a {image: "i:${TAG:-1}", environment: {A: "${B:-${C}}"}}
services:
  vm:
    engine: {kind: dind, args: "--x 'y'", mtu: 1400, config: {a: 1}}
    depends_on: {a: {condition: service_healthy, required: false}}
    inner:
      services:
        b: {<<: *a, ports: ["1-3:4-6", {target: 80, published: "8-9"}], volumes: ["./a:/b:ro", {type: tmpfs, target: /t}]}
  a:
    <<: *a
    command: sh -c "a \"b\" $$"
    healthcheck: {test: [CMD, x], interval: 1m30s}
    cpus: 0.5
    mem_limit: 1g
    networks: {n: {ipv4_address: 10.0.0.2}}
    configs: [{source: c, mode: 0440}]
networks: {n: {ipam: {config: [{subnet: 10.0.0.0/8}]}}}
configs: {c: {content: "ü $A"}}
"#;

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(
        cut in 0_usize..1000,
        gap in 0_usize..20,
        insert in "[-a0-9:{}\\[\\]$'\"&*<!|>\\n\\t ,./~ü%@#?]{0,6}",
    ) {
        let from = MUCH.floor_char_boundary(cut);
        let to = MUCH.floor_char_boundary(from + gap);
        let text = format!("{}{insert}{}", &MUCH[..from], &MUCH[to.max(from)..]);
        let env = format!("A={insert}\n{text}");
        let lab = lab(&text).file("/lab/.env", &env);
        let parsed = lab.parse();
        for problem in parsed.diagnostics.iter() {
            for label in &problem.labels {
                let source = parsed.sources.get(label.span.source).expect("a source that was read");
                proptest::prop_assert!(source.text.get(label.span.start..label.span.end).is_some(), "{problem:?}");
            }
        }
        proptest::prop_assert!(parsed.topology.is_some() || parsed.diagnostics.has_errors());
    }
}
