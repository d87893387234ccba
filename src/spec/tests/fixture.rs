//! Labs on the disk and in texts, read as the program reads them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::spec::files::{Entry, Vars};
use crate::spec::parse::{Parsed, parse};

/// The directory in which every lab of these tests seems to stand.
pub(crate) const LAB: &str = "/lab";

/// A lab: its files by path, and which of them are given to the parser.
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
    pub(crate) entry: Entry,
}

impl Fixture {
    /// A lab of one text.
    pub(crate) fn text(text: &str) -> Self {
        Self::bytes(text.as_bytes())
    }

    /// A lab of one file of any bytes.
    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        Self::of("nest.yaml", BTreeMap::from([(PathBuf::from("/lab/nest.yaml"), bytes.to_vec())]))
    }

    /// A lab of several texts; those that begin with `nest` are given to the parser, in order.
    pub(crate) fn texts(files: &[(&str, &str)]) -> Self {
        let files =
            files.iter().map(|(name, text)| (Path::new(LAB).join(name), text.as_bytes().to_vec())).collect();
        Self::of("texts", files)
    }

    fn of(name: &str, files: BTreeMap<PathBuf, Vec<u8>>) -> Self {
        let given = files
            .keys()
            .filter(|path| path.parent() == Some(Path::new(LAB)))
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("nest")))
            .cloned()
            .collect();
        let entry = Entry {
            files: given,
            directory: PathBuf::from(LAB),
            home: Some(PathBuf::from("/home/me")),
            ..Entry::default()
        };
        Self { name: name.to_owned(), files, entry }
    }

    /// Reads it.
    pub(crate) fn parse(&self) -> Parsed {
        let vars: Vars = [("SET", "value"), ("EMPTY", ""), ("PORT", "8080"), ("DIND_IMAGE", "docker:dind")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        parse(&self.files, &self.entry, &vars)
    }
}

/// Every lab of a directory of fixtures: a file `x.yaml`, or a directory `x` with `nest*.yaml`.
pub(crate) fn all(kind: &str) -> Vec<Fixture> {
    let mut out = Vec::new();
    for path in listed(&directory(kind)) {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let mut files = BTreeMap::new();
        if path.is_dir() {
            collect(&path, Path::new(LAB), &mut files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.insert(Path::new(LAB).join("nest.yaml"), fs::read(&path).expect("readable"));
        } else {
            continue;
        }
        out.push(Fixture::of(&name, files));
    }
    out
}

/// The examples, with what their readers are told to put beside them.
pub(crate) fn examples() -> Vec<Fixture> {
    let mut out = Vec::new();
    for path in
        listed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).iter().filter(|path| path.is_dir())
    {
        let name = path.file_name().expect("a directory has a name").to_string_lossy().into_owned();
        let mut files = BTreeMap::new();
        collect(path, Path::new(LAB), &mut files);
        let mut fixture = Fixture::of(&name, files);
        fixture.files.insert(Path::new(LAB).join("id.pub"), b"ssh-ed25519 AAAA me@here\n".to_vec());
        out.push(fixture);
    }
    out
}

/// `tests/fixtures/spec/<kind>`.
pub(crate) fn directory(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/spec").join(kind)
}

fn listed(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the fixtures are there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths
}

fn collect(from: &Path, to: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for path in listed(from) {
        let target = to.join(path.file_name().expect("a file has a name"));
        if path.is_dir() {
            collect(&path, &target, files);
        } else {
            files.insert(target, fs::read(&path).expect("readable"));
        }
    }
}

/// Compares with the text of a file, or rewrites it when `NESTCTL_BLESS` is set.
#[track_caller]
pub(crate) fn compare(path: &Path, actual: &str) -> Result<(), String> {
    if std::env::var_os("NESTCTL_BLESS").is_some() {
        fs::write(path, actual).expect("writable");
        return Ok(());
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    Err(format!("{}\n--- expected\n{expected}--- actual\n{actual}", path.display()))
}
