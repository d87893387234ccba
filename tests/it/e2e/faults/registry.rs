//! A registry that fails inside, and one whose connections are cut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nestctl::model::observed::ContainerState;

use crate::support::registry::TestRegistry;
use crate::support::test_image::{Borrowed, TestImage};

use super::asked::{assert_goes, assert_nothing_to_do, assert_one_error, lab, stride};

/// Stands between an engine and a registry.
struct Between {
    port: u16,
    mood: Arc<AtomicUsize>,
}

/// What it does with a connection.
const PASSES: usize = 0;
const ANSWERS_500: usize = 1;
const CUTS: usize = 2;
/// Bytes of an answer after which a connection is cut: within a layer, after what is said before it.
const CUT_AT: usize = 4000;

impl Between {
    fn start(registry: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mood = Arc::new(AtomicUsize::new(PASSES));
        let now = Arc::clone(&mood);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let mood = now.load(Ordering::Relaxed);
                thread::spawn(move || {
                    let _ = pass(near, registry, mood);
                });
            }
        });
        Self { port, mood }
    }

    fn be(&self, mood: usize) {
        self.mood.store(mood, Ordering::Relaxed);
    }
}

fn pass(mut near: TcpStream, registry: u16, mood: usize) -> std::io::Result<()> {
    if mood == ANSWERS_500 {
        let mut head = [0; 4096];
        let _ = near.read(&mut head)?;
        let answer = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return near.write_all(answer.as_bytes());
    }
    let mut far = TcpStream::connect(("127.0.0.1", registry))?;
    let (mut from, mut to) = (near.try_clone()?, far.try_clone()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let mut piece = [0; 1024];
    let mut passed = 0;
    loop {
        let n = far.read(&mut piece)?;
        passed += n;
        if n == 0 || (mood == CUTS && passed > CUT_AT) {
            let _ = far.shutdown(Shutdown::Both);
            return near.shutdown(Shutdown::Both);
        }
        near.write_all(&piece[..n])?;
    }
}

#[test]
fn a_registry_that_fails_must_be_one_error_and_a_further_up_finishes() {
    if stride().is_none() {
        return;
    }
    let Some(registry) = TestRegistry::start("broken", false) else { return };
    let between = Between::start(registry.port());
    let image = format!("localhost:{}/x:1", between.port);
    let yaml = format!(
        "
services:
  wants: {{ image: '{image}', init: true, command: [sleep, infinity] }}
  good: {{ image: '${{BUSYBOX_IMAGE}}', init: true, command: [sleep, infinity] }}
  vm1:
    engine: {{ kind: dind, data: tmpfs }}
    image: ${{DIND_IMAGE}}
    inner:
      services:
        wants: {{ image: '{image}', init: true, command: [sleep, infinity] }}
        good: {{ image: '${{BUSYBOX_IMAGE}}', init: true, command: [sleep, infinity] }}
"
    );
    let Some(lab) = lab("broken", &yaml) else { return };
    // Larger than what passes before a connection is cut.
    registry.push(&TestImage::marked(&*lab.engine(), &"x".repeat(1 << 20)), "x", "1");
    let (_borrowed, lab) = Borrowed::with(lab, &[&image]);
    for (mood, words) in [(ANSWERS_500, "500"), (CUTS, "EOF")] {
        between.be(mood);
        let ran = lab.run(&["up", "--progress", "plain"]).code(1);
        assert_one_error(&ran, &["failed to pull image", words, "wants", "vm1/wants"]);
        // It is told that it was tried again.
        assert!(ran.stderr.contains("; again in "), "{}", ran.stderr);
        for (layer, addr) in [("", "good"), ("vm1", "vm1/good")] {
            assert_eq!(lab.containers_in(layer)[addr].state, ContainerState::Running, "{addr}");
        }
    }
    between.be(PASSES);
    lab.run(&["up"]).ok();
    assert_nothing_to_do(&lab, "a registry that is well again");
    assert_eq!(lab.containers_in("vm1")["vm1/wants"].state, ContainerState::Running);
    assert_goes(&lab, "a registry that is well again");
}
