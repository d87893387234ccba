//! Against the `tar` crate, at every way of cutting.

use std::collections::BTreeSet;
use std::io::Read;

use bytes::Bytes;
use proptest::prelude::*;

use super::{TarFilter, Truncated};

type Entry = (String, Vec<u8>);

fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content.as_slice()).expect("in memory");
    }
    builder.into_inner().expect("in memory")
}

fn read(archive: &[u8]) -> Vec<Entry> {
    let mut reader = tar::Archive::new(archive);
    let entries = reader.entries().expect("an archive").map(|entry| entry.expect("an entry"));
    // The crate gives a global header as an entry of its own.
    let entries = entries.filter(|entry| !entry.header().entry_type().is_pax_global_extensions());
    let entries = entries.map(|mut entry| {
        let name = entry.path().expect("a name").display().to_string();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("its content");
        (name, content)
    });
    entries.collect()
}

fn filter(archive: &[u8], dropped: &[&str], cuts: &[usize]) -> (Vec<u8>, Result<(), Truncated>) {
    let names: BTreeSet<String> = dropped.iter().map(|name| (*name).to_owned()).collect();
    let mut filter = TarFilter::new(move |name| names.contains(name));
    let mut out = Vec::new();
    let mut from = 0;
    for to in cuts.iter().copied().chain([archive.len()]) {
        let to = to.clamp(from, archive.len());
        for piece in filter.push(Bytes::copy_from_slice(&archive[from..to])) {
            out.extend_from_slice(&piece);
        }
        from = to;
    }
    (out, filter.finish())
}

fn entry(name: &str, size: usize) -> Entry {
    (name.to_owned(), vec![b'x'; size])
}

#[test]
fn nothing_dropped_is_nothing_changed() {
    let whole = archive(&[entry("a", 0), entry("b", 511), entry("c", 512), entry("d", 513)]);
    assert_eq!(filter(&whole, &[], &[]), (whole.clone(), Ok(())));
}

#[test]
fn an_entry_is_left_out_wherever_the_archive_is_cut() {
    let long = "n".repeat(300);
    let whole = archive(&[entry("a", 10), entry(&long, 700), entry("blobs/x", 1_500), entry("z", 3)]);
    let wanted = archive(&[entry("a", 10), entry("z", 3)]);
    for cut in 0..=whole.len() {
        let (out, end) = filter(&whole, &[&long, "blobs/x"], &[cut]);
        assert!(out == wanted && end.is_ok(), "cut at {cut}");
    }
}

#[test]
fn a_long_name_goes_where_its_entry_goes() {
    let long = "n".repeat(300);
    let whole = archive(&[entry(&long, 700), entry("short", 1)]);
    assert_eq!(read(&filter(&whole, &["short"], &[100, 600]).0), [entry(&long, 700)]);
    assert_eq!(filter(&whole, &[&long], &[]).0, archive(&[entry("short", 1)]));
}

#[test]
fn an_archive_that_ends_early_is_noticed_at_every_byte() {
    let whole = archive(&[entry("a", 10), entry("b", 600)]);
    let end_mark = whole.len() - 1024;
    for length in 0..end_mark + 512 {
        assert_eq!(filter(&whole[..length], &[], &[]).1, Err(Truncated), "cut at {length}");
    }
    assert_eq!(filter(&whole, &[], &[]).1, Ok(()));
}

/// A PAX header with these records, as Go's archive/tar writes before an entry.
fn pax(records: &[(&str, &str)], kind: u8) -> Vec<u8> {
    let mut body = Vec::new();
    for (key, value) in records {
        let bare = key.len() + value.len() + 3;
        let length = (bare..bare + 20).find(|n| n.to_string().len() + bare == *n).expect("there is one");
        body.extend_from_slice(format!("{length} {key}={value}\n").as_bytes());
    }
    let mut header = tar::Header::new_ustar();
    header.set_path("PaxHeaders.0/x").expect("it is short");
    header.set_size(body.len() as u64);
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    let padding = body.len().next_multiple_of(512);
    body.resize(padding, 0);
    bytes.extend_from_slice(&body);
    bytes
}

#[test]
fn a_name_and_a_size_in_a_pax_header_count() {
    let plain = archive(&[entry("short", 700)]);
    // The header's own size says 0: only the record tells how long the body is.
    let mut lying = plain.clone();
    let mut header = tar::Header::new_gnu();
    header.set_path("short").expect("it is short");
    header.set_size(0);
    header.set_mode(0o644);
    header.set_cksum();
    lying[..512].copy_from_slice(header.as_bytes());
    let mut whole = pax(&[("comment", "global")], b'g');
    whole.extend(pax(&[("mtime", "1.5"), ("path", "blobs/sha256/abc"), ("size", "700")], b'x'));
    whole.extend_from_slice(&lying);
    assert_eq!(read(&whole), [entry("blobs/sha256/abc", 700)]);
    for cut in 0..whole.len() {
        let (out, end) = filter(&whole, &["blobs/sha256/abc"], &[cut]);
        assert!(read(&out).is_empty() && end.is_ok(), "cut at {cut}");
        assert_eq!(filter(&whole, &["short"], &[cut]).0, whole, "cut at {cut}");
    }
}

#[test]
fn directories_and_links_are_never_left_out() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_mode(0o755);
    header.set_size(0);
    builder.append_data(&mut header, "blobs/", std::io::empty()).expect("in memory");
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "link", "blobs").expect("in memory");
    let whole = builder.into_inner().expect("in memory");
    assert_eq!(filter(&whole, &["blobs/", "link"], &[]).0, whole);
}

#[test]
fn what_is_no_archive_passes_unchanged() {
    let noise: Vec<u8> = (0..3_000_u32).map(|n| n.to_le_bytes()[0] | 1).collect();
    assert_eq!(filter(&noise, &["a"], &[7, 600]), (noise.clone(), Ok(())));
}

#[test]
fn a_size_over_eight_gibibytes_is_read() {
    let mut field = [0; 12];
    field[0] = 0x80;
    field[4..].copy_from_slice(&(9_u64 << 30).to_be_bytes());
    assert_eq!(super::number(&field), Some(9 << 30));
    assert_eq!(super::number(b"00000001750\0"), Some(0o1750));
    assert_eq!(super::number(&[0x80, 0, 0, 0, 0, 0, 0, 7]), Some(7));
    assert_eq!(super::number(&[0xff; 12]), None);
    assert_eq!(super::number(b"not a number"), None);
}

fn entries() -> impl Strategy<Value = Vec<(Entry, bool)>> {
    let name = prop_oneof!["[a-z]{1,8}", "[a-z]{1,3}/[a-z]{90,150}", "[a-z]{101,260}"];
    let content = proptest::collection::vec(any::<u8>(), 0..1_600);
    proptest::collection::vec(((name, content), any::<bool>()), 0..6)
}

proptest! {
    #[test]
    fn what_is_left_is_what_the_tar_crate_reads_without_the_dropped(
        entries in entries(),
        cuts in proptest::collection::vec(0_usize..9_000, 0..12),
    ) {
        let all: Vec<Entry> = entries.iter().map(|(entry, _)| entry.clone()).collect();
        let dropped: Vec<&str> =
            entries.iter().filter(|(_, dropped)| *dropped).map(|((name, _), _)| name.as_str()).collect();
        let kept: Vec<Entry> =
            all.iter().filter(|(name, _)| !dropped.contains(&name.as_str())).cloned().collect();
        let mut cuts = cuts;
        cuts.sort_unstable();
        let whole = archive(&all);
        let (out, end) = filter(&whole, &dropped, &cuts);
        prop_assert_eq!(read(&out), kept.clone());
        prop_assert_eq!(out, archive(&kept));
        prop_assert_eq!(end, Ok(()));
    }
}
