//! Extra certificates and keys that are put into a node.

use std::sync::Arc;

use super::kind::{CERTIFICATES, NodeInput};
use crate::model::files::{Existing, PutFile};

/// One file a certificate of `engine.ca`; the start script makes the node trust them.
pub(super) fn files(input: &NodeInput) -> Vec<PutFile> {
    let file = |(i, content): (usize, &Arc<[u8]>)| PutFile {
        path: format!("{CERTIFICATES}/{}.crt", i + 1),
        mode: 0o644,
        uid: 0,
        gid: 0,
        content: Arc::clone(content),
        existing: Existing::Replace,
    };
    input.options.ca.iter().enumerate().map(file).collect()
}

/// `authorized_keys` of the user whom `engine.ssh` names.
///
/// It belongs to root, whose files sshd's `StrictModes` accepts for every user. sshd reads it as the user, so it is
/// readable to all where the user is not root: public keys are no secret.
pub(super) fn authorized_keys(input: &NodeInput) -> Option<PutFile> {
    let ssh = input.options.ssh.as_ref()?;
    let (home, mode) = match ssh.user.as_str() {
        "root" => ("/root".to_owned(), 0o600),
        user => (format!("/home/{user}"), 0o644),
    };
    let mut text = String::new();
    for key in &ssh.authorized_keys {
        text.push_str(key.trim_end());
        text.push('\n');
    }
    Some(PutFile {
        path: format!("{home}/.ssh/authorized_keys"),
        mode,
        uid: 0,
        gid: 0,
        content: Arc::from(text.into_bytes()),
        existing: Existing::Append,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::test_node::Node;
    use crate::model::service::SshOptions;

    #[test]
    fn keys_are_readable_for_the_user_who_logs_in() {
        let mut node = Node::default();
        assert_eq!(authorized_keys(&node.input()), None);
        for (user, path, mode) in [
            ("root", "/root/.ssh/authorized_keys", 0o600),
            ("docker", "/home/docker/.ssh/authorized_keys", 0o644),
        ] {
            let authorized_keys = vec!["ssh-ed25519 AA a".to_owned(), "ssh-ed25519 BB b\n".to_owned()];
            node.options.ssh = Some(SshOptions { user: user.to_owned(), authorized_keys });
            let file = super::authorized_keys(&node.input()).expect("a file");
            assert_eq!((file.path.as_str(), file.mode), (path, mode));
            assert_eq!(&*file.content, b"ssh-ed25519 AA a\nssh-ed25519 BB b\n");
        }
    }

    #[test]
    fn each_certificate_is_a_file_of_its_own() {
        let mut node = Node::default();
        node.options.ca = vec![Arc::from(&b"one"[..]), Arc::from(&b"two"[..])];
        let paths: Vec<String> = files(&node.input()).into_iter().map(|file| file.path).collect();
        assert_eq!(paths, ["/nestctl/ca/1.crt", "/nestctl/ca/2.crt"]);
    }
}
