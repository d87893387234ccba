//! The names under which an image may be known on an engine.

use crate::model::image::ImageRef;

/// Every name under which an engine may know what a file calls `reference`, the file's own first.
///
/// Podman keeps names in full and calls what has none of a registry `localhost/…`; an image copied by digest
/// has only the local tag that the copy gave it (ENGINES.md 10).
pub(super) fn alternatives(reference: &str) -> Vec<String> {
    let mut names = vec![reference.to_owned()];
    let mut add = |name: String| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    if let Some(image) = ImageRef::parse(reference) {
        if let Some(tag) = image.local_tag() {
            add(tag);
        }
        add(image.to_string());
        if image.registry == "docker.io" {
            let short = image.repository.strip_prefix("library/").unwrap_or(&image.repository);
            let tag = image.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
            let digest = image.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
            add(format!("localhost/{short}{tag}{digest}"));
        }
    }
    names
}

/// The local tag of a reference with a digest. `None` for one without.
pub(super) fn local_tag(reference: &str) -> Option<String> {
    ImageRef::parse(reference)?.local_tag()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reference_gets_a_tag_that_is_one_digest_long() {
        let digest = "sha256:0123456789abcdef0123456789abcdef";
        assert_eq!(local_tag(&format!("nginx@{digest}")).as_deref(), Some("nginx:nestctl-0123456789ab"));
        assert_eq!(
            local_tag(&format!("r.io:5000/a/b:1@{digest}")).as_deref(),
            Some("r.io:5000/a/b:nestctl-0123456789ab")
        );
        assert_eq!(local_tag("nginx:1"), None);
    }

    #[test]
    fn podmans_names_are_tried_after_the_files_own() {
        assert_eq!(alternatives("lab/bb:1"), ["lab/bb:1", "docker.io/lab/bb:1", "localhost/lab/bb:1"]);
        assert_eq!(alternatives("r.io/x:2"), ["r.io/x:2"]);
    }
}
