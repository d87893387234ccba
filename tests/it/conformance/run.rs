//! The scripts, run on both engines.

use nestctl::engine::fake::fake_engine::FakeEngine;

use super::bench::{Bench, IMAGE, Told};
use super::script::Do;
use crate::support::real_engine::{block_on, host, root};

/// Runs a script on both engines; what differs, as lines.
async fn differences(host: &str, name: &str, script: &[Do]) -> Vec<String> {
    let prefix = format!("nestctl-same-{}-{name}", std::process::id());
    let port = free_port();
    let fake = FakeEngine::new("fake").with_image(IMAGE);
    let in_memory = Bench::new(fake.shared(), &prefix, IMAGE, port).with_fake(&fake).run(script).await;
    let image = std::env::var("BUSYBOX_IMAGE").expect("BUSYBOX_IMAGE names the tiny workload");
    let real = Bench::new(root(host), &prefix, &image, port).run(script).await;
    compare(script, &in_memory, &real)
}

fn compare(script: &[Do], fake: &Told, real: &Told) -> Vec<String> {
    let mut out = Vec::new();
    for (i, (fake, real)) in fake.calls.iter().zip(&real.calls).enumerate() {
        if fake != real {
            out.push(format!("after {:?}\nthe fake: {fake}\nreal:     {real}", &script[..=i]));
            // What follows, follows from it.
            return out;
        }
    }
    for (object, told) in &real.events {
        let fake = fake.events.get(object);
        if fake != Some(told) {
            out.push(format!("{script:?}\nof {object} the fake tells {fake:?}\nreal:       {told:?}"));
        }
    }
    out
}

/// A port that nobody uses.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

#[test]
fn both_engines_answer_the_same_calls_alike() {
    let Some(host) = host() else { return };
    let mut failed = Vec::new();
    for (name, script) in super::scripts::all() {
        let found = block_on(differences(&host, name, &script));
        failed.extend(found.into_iter().map(|text| format!("{name}: {text}")));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
