//! How to reach the engine inside a node.

/// How the engine of a node's inner layer is dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dial {
    /// It is the parent's own engine (`socket`): no connection of its own. `path` is the socket's path inside
    /// the node, through which the parent must answer.
    Parent {
        /// Absolute path inside the node.
        path: String,
    },
    /// Every connection is an exec of `argv` in the node, whose standard streams are the connection.
    Exec {
        /// The program and its arguments.
        argv: Vec<String>,
        /// `KEY=value` pairs.
        env: Vec<String>,
        /// The user to run as; `None` for the container's.
        user: Option<String>,
    },
}

const FIELD: char = '\u{1f}';

impl Dial {
    /// The text of the label `io.nestctl.engine`, from which `down`, `ps` and `exec` dial without the file.
    pub fn to_label(&self) -> String {
        match self {
            Self::Parent { path } => format!("parent{FIELD}{path}"),
            Self::Exec { argv, env, user } => {
                let mut out = format!("exec{FIELD}{}{FIELD}{}", user.as_deref().unwrap_or(""), env.len());
                for item in env.iter().chain(argv) {
                    out.push(FIELD);
                    out.push_str(item);
                }
                out
            }
        }
    }

    /// Reads what [`Dial::to_label`] wrote.
    pub fn from_label(text: &str) -> Option<Self> {
        let mut fields = text.split(FIELD);
        match fields.next()? {
            "parent" => Some(Self::Parent { path: fields.next()?.to_owned() }),
            "exec" => {
                let user = fields.next().filter(|user| !user.is_empty()).map(str::to_owned);
                let n_env: usize = fields.next()?.parse().ok()?;
                let mut rest: Vec<String> = fields.map(str::to_owned).collect();
                if rest.len() <= n_env {
                    return None;
                }
                let argv = rest.split_off(n_env);
                Some(Self::Exec { argv, env: rest, user })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_gives_back_what_was_written() {
        let parent = Dial::Parent { path: "/var/run/docker.sock".to_owned() };
        let exec = Dial::Exec {
            argv: vec!["sh".into(), "-c".into(), "exec docker system dial-stdio".into()],
            env: vec!["DOCKER_HOST=unix:///x y".into()],
            user: Some("rootless".into()),
        };
        for dial in [parent, exec] {
            assert_eq!(Dial::from_label(&dial.to_label()), Some(dial));
        }
        assert_eq!(Dial::from_label("exec\u{1f}\u{1f}9\u{1f}x"), None);
    }
}
