//! The lab of a round: what is in its file, how it is edited, and what must run.

use std::fmt::Write as _;

/// Numbers that follow from a seed (SplitMix64).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let n = u64::try_from(n).expect("a count");
        usize::try_from((z ^ (z >> 31)) % n).expect("smaller than a count")
    }
}

/// What an edit can change.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    value: u32,
    greeting: u32,
    copies: usize,
    has_more: bool,
    has_network: bool,
    has_box: bool,
    timeout: u32,
    is_deep: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            value: 0,
            greeting: 0,
            copies: 1,
            has_more: false,
            has_network: true,
            has_box: true,
            timeout: 10,
            is_deep: false,
        }
    }
}

impl Shape {
    /// Changes one thing; the answer says which.
    pub(super) fn edit(&mut self, dice: &mut Dice) -> &'static str {
        match dice.below(8) {
            0 => {
                self.value += 1;
                "another environment"
            }
            1 => {
                self.greeting += 1;
                "another config"
            }
            2 => {
                self.copies = 2 + dice.below(2);
                "more replicas"
            }
            3 => {
                self.has_more = true;
                "one more service"
            }
            4 => {
                self.has_network = false;
                "a network less"
            }
            5 => {
                self.has_box = false;
                "a service less"
            }
            6 => {
                self.timeout += 1;
                "another node"
            }
            _ => {
                self.is_deep = true;
                "a third level"
            }
        }
    }

    /// The lab's file.
    pub(super) fn yaml(&self) -> String {
        let plain = "image: '${BUSYBOX_IMAGE}', init: true, command: [sleep, infinity]";
        let mut inner = format!(
            "
        db: {{ {plain}, volumes: ['kept:/data'], stop_grace_period: 2s }}
        web:
          image: '${{BUSYBOX_IMAGE}}'
          init: true
          command: [sleep, infinity]
          environment: {{ VALUE: '{}' }}
          configs: [{{ source: greeting, target: /etc/greeting }}]
          networks: [{}]
          depends_on: [db]
          deploy: {{ replicas: {} }}",
            self.value,
            if self.has_network { "default, other" } else { "default" },
            self.copies,
        );
        if self.has_more {
            write!(inner, "\n        more: {{ {plain} }}").expect("in memory");
        }
        if self.is_deep {
            write!(
                inner,
                "
        vm2:
          engine: {{ kind: dind, data: tmpfs }}
          image: '${{DIND_IMAGE}}'
          inner:
            services:
              leaf: {{ {plain} }}"
            )
            .expect("in memory");
        }
        let other = if self.has_network { "\n      networks: { other: {} }" } else { "" };
        let of_box =
            if self.has_box { format!("\n  box: {{ {plain}, volumes: [/scratch] }}") } else { String::new() };
        format!(
            "services:{of_box}
  vm1:
    engine: {{ kind: dind, args: [--shutdown-timeout={}] }}
    image: '${{DIND_IMAGE}}'
    inner:
      services:{inner}{other}
      volumes: {{ kept: {{}} }}
      configs: {{ greeting: {{ content: 'hello {}' }} }}
",
            self.timeout, self.greeting
        )
    }

    /// What runs in each layer when it is up, in order.
    pub(super) fn running(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let mut inner = vec!["vm1/db"];
        if self.has_more {
            inner.push("vm1/more");
        }
        if self.is_deep {
            inner.push("vm1/vm2");
        }
        inner.extend(["vm1/web", "vm1/web@2", "vm1/web@3"].into_iter().take(self.copies));
        let mut out = vec![("", if self.has_box { vec!["box", "vm1"] } else { vec!["vm1"] }), ("vm1", inner)];
        if self.is_deep {
            out.push(("vm1/vm2", vec!["vm1/vm2/leaf"]));
        }
        out
    }

    /// What `vm1/web` finds in its environment and in its config.
    pub(super) fn seen_by_web(&self) -> String {
        format!("{}\nhello {}", self.value, self.greeting)
    }
}
