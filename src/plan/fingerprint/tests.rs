//! The hash stays what it is.

use super::*;
use crate::model::container::{BindPath, Mount, MountSource, Recursive};

fn hash(spec: &ContainerSpec) -> String {
    let mut canonical = Canonical::default();
    canonical.container(spec);
    canonical.hash()
}

#[test]
fn the_hash_of_a_known_spec_never_changes() {
    // A different value here recreates every container of every user.
    let spec = ContainerSpec { image: "nginx".to_owned(), privileged: true, ..ContainerSpec::default() };
    assert_eq!(hash(&spec), "a260ad0cd99c7cbe");
}

#[test]
fn the_lines_of_mounts_never_change() {
    let bind = |path, propagation: Option<&str>, selinux, recursive| MountSource::Bind {
        path,
        create: true,
        propagation: propagation.map(str::to_owned),
        selinux,
        recursive,
    };
    let volume = |name: Option<&str>, subpath: Option<&str>, labels: &[(&str, &str)]| MountSource::Volume {
        name: name.map(str::to_owned),
        nocopy: subpath.is_some(),
        subpath: subpath.map(str::to_owned),
        labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    };
    let user = || BindPath::User("/lab/it's".into());
    let engine = || BindPath::Engine("/e".to_owned());
    let image = MountSource::Image { image: "a:1".to_owned(), subpath: Some("x".to_owned()) };
    let mut last = Mount::new("/i", image, false);
    last.consistency = Some("cached".to_owned());
    let mounts = vec![
        Mount::new("/a", bind(user(), None, None, None), true),
        Mount::new("/b", bind(engine(), Some("rshared"), Some('z'), Some(Recursive::Readonly)), false),
        Mount::new("/c", volume(Some("v"), None, &[]), false),
        Mount::new("/d", volume(None, Some("s"), &[("b", "2"), ("a", "1")]), true),
        Mount::new("/e", MountSource::Tmpfs { options: "size=64m".to_owned() }, false),
        Mount::new("/f", MountSource::Memory { size: Some(64), mode: Some(0o1777) }, false),
        last,
    ];
    let mut canonical = Canonical::default();
    canonical.container(&ContainerSpec { mounts, ..ContainerSpec::default() });
    let lines: Vec<String> = canonical.lines().map(|(key, value)| format!("{key}={value}")).collect();
    // As a first version wrote them: another text makes every container with such a mount anew.
    let expected = [
        "image=",
        r"mount./a=bind user /lab/it\'s true  None ro",
        r"mount./b=bind engine /e true rshared Some(\'z\') readonly",
        "mount./c=volume v false ",
        r#"mount./d=volume  true s {\"a\": \"1\", \"b\": \"2\"} ro"#,
        "mount./e=tmpfs size=64m",
        "mount./f=tmpfs size=64,mode=1777",
        "mount./i.consistency=cached",
        "mount./i=image a:1 x",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn values_with_line_breaks_do_not_pass_for_two_lines() {
    let one = ContainerSpec { image: "a\nuser=b".to_owned(), ..ContainerSpec::default() };
    let two = ContainerSpec { image: "a".to_owned(), user: Some("b".to_owned()), ..ContainerSpec::default() };
    assert_ne!(hash(&one), hash(&two));
}
