//! Forms of which the specification is the judge: the peer refuses them, loses them or contradicts the text. What both tools
//! do is asserted, so that a row is noticed once the peer is mended; it is a differential fixture from then on.
//! Cases: tests/fixtures/compose-against.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::case::{Case, Printed, peer};
use super::engine::{WORKERS, both, each};
use super::engine_case::{Case as EngineCase, fixtures, name_of};

/// A form, by the name of its fixture.
struct Row {
    case: &'static str,
    /// Where the specification speaks of it.
    section: &'static str,
    /// What it says.
    says: &'static str,
    peer: Does,
    ours: Does,
}

/// What a tool makes of the file.
enum Does {
    /// `config` fails with this among its words.
    Refuses(&'static str),
    /// `config` prints these values, as JSON; empty: nothing is printed there.
    Prints(Printing),
    /// The same, and fails with these words when it reads back what it has printed.
    PrintsUnreadable(Printing, &'static str),
    /// The same, and prints these values when it reads back what it has printed.
    PrintsOther(Printing, Printing),
    /// After `create` the engine reports these values, as JSON.
    Creates(Printing),
}

/// JSON pointers, and what is there.
type Printing = &'static [(&'static str, &'static str)];

use Does::{Creates, Prints, PrintsOther, PrintsUnreadable, Refuses};

/// A panic of the peer, in its own words.
const PANIC: &str = "interface conversion: interface {} is";

const AGAINST: &[Row] = &[
    Row {
        case: "additional-context-of-a-number",
        section: "schema, list_or_dict",
        says: "values of `additional_contexts` may be numbers and switches too: texts, as everywhere",
        peer: Refuses(PANIC),
        ours: Prints(&[
            ("/services/a/build/additional_contexts/one", "\"<directory>/1\""),
            ("/services/a/build/additional_contexts/yes", "\"<directory>/true\""),
        ]),
    },
    Row {
        case: "blkio-weight-as-text",
        section: "schema, blkio_config",
        says: "`weight` is a number or a text",
        peer: Refuses("expected type 'uint16', got unconvertible type 'string'"),
        ours: Prints(&[
            ("/services/a/blkio_config/weight", "300"),
            ("/services/a/blkio_config/weight_device/0/weight", "200"),
        ]),
    },
    Row {
        case: "build-ulimits-as-text",
        section: "schema, ulimits",
        says: "limits of a build are numbers or texts, as those of a service",
        peer: Refuses("services.a.build.ulimits.nofile: invalid type string for external"),
        ours: Prints(&[("/services/a/build/ulimits/nofile", "5")]),
    },
    Row {
        case: "build-ulimits-of-texts",
        section: "schema, ulimits",
        says: "the same for `soft` and `hard`",
        peer: Refuses(PANIC),
        ours: Prints(&[("/services/a/build/ulimits/nofile", "{\"soft\": 5, \"hard\": 6}")]),
    },
    Row {
        case: "cpu-rt-as-duration",
        section: "05-services.md, cpu_rt_runtime",
        says: "\"either an integer value using microseconds as unit or a duration\"",
        peer: Refuses("strconv.ParseInt: parsing \"400ms\": invalid syntax"),
        ours: Prints(&[("/services/a/cpu_rt_runtime", "\"400ms\"")]),
    },
    Row {
        case: "cpu-rt-period-as-duration",
        section: "05-services.md, cpu_rt_period",
        says: "\"either an integer value using microseconds as unit or a duration\"",
        peer: Refuses("strconv.ParseInt: parsing \"1400us\": invalid syntax"),
        ours: Prints(&[("/services/a/cpu_rt_period", "\"1400us\"")]),
    },
    Row {
        case: "dependency-of-no-profile",
        section: "05-services.md, depends_on; 15-profiles.md",
        says: "\"when set to `false` Compose only warns you\": an optional dependency on a service that the active profiles leave \
               out is none, and what is printed without that service is to be a lab",
        peer: PrintsUnreadable(
            &[
                ("/services/c", ""),
                ("/services/d/depends_on/c/required", "false"),
                ("/services/a/depends_on/c/required", "false"),
            ],
            "depends on undefined service",
        ),
        ours: Prints(&[
            ("/services/c", ""),
            ("/services/d/depends_on", ""),
            ("/services/a/depends_on", "{\"b\": {\"condition\": \"service_started\", \"required\": true}}"),
        ]),
    },
    Row {
        case: "dockerfile-empty",
        section: "build.md, dockerfile",
        says: "\"an alternate Dockerfile\": an empty one is the default, which is printed wherever it holds",
        peer: PrintsOther(
            &[("/services/a/build/dockerfile", "")],
            &[("/services/a/build/dockerfile", "\"Dockerfile\"")],
        ),
        ours: Prints(&[("/services/a/build/dockerfile", "\"Dockerfile\"")]),
    },
    Row {
        case: "pid-of-nothing",
        section: "schema, pid",
        says: "`pid` is a text or nothing",
        peer: Refuses(PANIC),
        ours: Prints(&[("/services/a/pid", "")]),
    },
    Row {
        case: "reset-of-a-variable",
        section: "13-merge.md, Reset value",
        says: "`FOO: !reset null` of `environment` takes `FOO` away; once a file between has written a list, the peer looks for \
               a key in lines (`applyNullOverrides`, the same in Compose 5.5)",
        peer: Prints(&[("/services/a/environment", "{\"A\": \"1\", \"B\": \"3\"}")]),
        ours: Prints(&[("/services/a/environment", "{\"B\": \"3\"}")]),
    },
    Row {
        case: "port-published-as-number",
        section: "13-merge.md, Unique resources",
        says: "ports are told apart by \"{ip, target, published, protocol}\"; the peer compares a number with a text \
               (`portIndexer`, the same in Compose 5.5), and publishes the port twice",
        peer: PrintsOther(
            &[("/services/a/ports/1/published", "\"8080\"")],
            &[("/services/a/ports/0/published", "\"8080\""), ("/services/a/ports/1", "")],
        ),
        ours: Prints(&[("/services/a/ports/0/published", "\"8080\""), ("/services/a/ports/1", "")]),
    },
    Row {
        case: "reset-beside-a-merge-key",
        section: "10-fragments.md, example 3",
        says: "\"Compose follows the rule outlined by YAML merge type\": a key that is written, with whatever tag, stands in place of \
               the merged one; the peer takes the marked key away first, and the merged one is there again",
        peer: Prints(&[("/services/a/environment", "{\"COMMON\": \"c\"}")]),
        ours: Prints(&[("/services/a/environment", "")]),
    },
    Row {
        case: "ssh-of-a-path",
        section: "build.md, ssh",
        says: "\"`ID=path`: a key/value definition of an ID and the associated path\" (the peer's is the same in Compose 5.5)",
        peer: PrintsUnreadable(
            &[("/services/a/build/ssh", "[\"key: <directory>/id\"]")],
            "invalid ssh key \"key: ",
        ),
        ours: Prints(&[
            ("/services/a/build/ssh", "[\"key=<directory>/id\"]"),
            ("/services/b/build/ssh", "[\"key=<directory>/1\"]"),
            ("/services/c/build/ssh", "[\"key=<directory>/true\"]"),
        ]),
    },
    Row {
        case: "tmpfs-mode-as-text",
        section: "05-services.md, volumes, `tmpfs`",
        says: "`mode`: \"Unix permission bits as an octal number\", a number or a text (schema)",
        peer: Refuses("expected type 'uint32', got unconvertible type 'string'"),
        ours: Prints(&[("/services/a/volumes/0/tmpfs/mode", "488")]),
    },
    Row {
        case: "tmpfs-mode-as-text",
        section: "the same",
        says: "the same",
        peer: Refuses("expected type 'uint32', got unconvertible type 'string'"),
        ours: Creates(&[("/container tmpfs-mode-as-text-a-1/HostConfig/Mounts/0/TmpfsOptions/Mode", "488")]),
    },
    Row {
        case: "volumes-from-read-only",
        section: "05-services.md, volumes_from",
        says: "\"read-only access (`ro`)\"; the peer cuts the text of a service at the first colon (`resolveVolumeFrom`, the same \
               in Compose 5.5), and what is to be read only is written to",
        peer: Creates(&[(
            "/container volumes-from-read-only-a-1/HostConfig/VolumesFrom",
            "[\"volumes-from-read-only-b-1\"]",
        )]),
        ours: Creates(&[(
            "/container volumes-from-read-only-a-1/HostConfig/VolumesFrom",
            "[\"volumes-from-read-only-b-1:ro\"]",
        )]),
    },
];

impl Does {
    /// Whether it is judged by what an engine reports.
    const fn is_created(&self) -> bool {
        matches!(self, Creates(_))
    }

    /// Compares it with what `config` of a tool does.
    fn check(&self, case: &Case, tool: impl Fn(&Case) -> Printed) -> Result<(), String> {
        let directory = case.directory.to_string_lossy().into_owned();
        let here = |printed: Printed| {
            let stands = |text: String| text.replace(&directory, "<directory>");
            let own = |lab: Value| serde_json::from_str(&stands(lab.to_string())).expect("still JSON");
            printed.map(own).map_err(stands)
        };
        let printed = tool(case);
        let back = || again(case, printed.clone(), &tool);
        match self {
            Refuses(words) => match here(printed) {
                Err(said) if said.contains(words) => Ok(()),
                other => Err(format!("is to refuse with `{words}`: {other:?}")),
            },
            Prints(places) => {
                compare(&here(printed.clone())?, places)?;
                // What we print is a lab, whatever the form was.
                let same = back() == printed;
                if same { Ok(()) } else { Err("what is printed does not resolve to itself".to_owned()) }
            }
            PrintsUnreadable(places, words) => {
                compare(&here(printed.clone())?, places)?;
                match here(back()) {
                    Err(said) if said.contains(words) => Ok(()),
                    other => Err(format!("is to refuse what it printed with `{words}`: {other:?}")),
                }
            }
            PrintsOther(places, then) => {
                compare(&here(printed.clone())?, places)?;
                compare(&here(back())?, then)
            }
            Creates(_) => Ok(()),
        }
    }
}

/// What the tool makes of what it has printed.
fn again(case: &Case, printed: Printed, tool: impl Fn(&Case) -> Printed) -> Printed {
    let name = case.directory.file_name().expect("a directory has a name").to_string_lossy();
    let directory = std::env::temp_dir().join(format!("nestctl-against-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("writable");
    std::fs::write(directory.join("compose.yaml"), printed?.to_string()).expect("writable");
    let profiles = case.args.windows(2).filter(|pair| pair[0] == "--profile").flatten().cloned();
    let again =
        tool(&Case { directory: directory.clone(), args: profiles.collect(), vars: case.vars.clone() });
    std::fs::remove_dir_all(&directory).expect("removable");
    again
}

fn compare(found: &Value, places: Printing) -> Result<(), String> {
    for (at, wanted) in places {
        let wanted: Option<Value> =
            (!wanted.is_empty()).then(|| serde_json::from_str(wanted).expect("the table has JSON"));
        let there = found.pointer(at);
        if there != wanted.as_ref() {
            return Err(format!("{at}: {} is to be {}", json!(there), json!(wanted)));
        }
    }
    Ok(())
}

fn fixture(row: &Row) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/compose-against").join(row.case)
}

#[test]
fn where_the_peer_contradicts_the_specification_it_is_followed() {
    let Some(peer) = peer() else {
        println!("skipped: NESTCTL_TEST_PEER names no docker-compose");
        return;
    };
    let mut failures = Vec::new();
    for row in AGAINST {
        let case = Case::of(&fixture(row));
        for (who, does, tool) in [
            ("the peer", &row.peer, &(|case: &Case| case.run(&peer, &[])) as &dyn Fn(&Case) -> Printed),
            ("nestctl", &row.ours, &Case::nestctl),
        ] {
            if let Err(failure) = does.check(&case, tool) {
                failures.push(format!("{} ({}: {}): {who}: {failure}", row.case, row.section, row.says));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn where_the_peer_creates_against_the_specification_it_is_followed() {
    let Some((host, peer, _turn)) = both() else { return };
    let prefix = format!("diffagainst-{}", std::process::id());
    let created = |row: &&Row| row.peer.is_created() || row.ours.is_created();
    let cases: Vec<_> = AGAINST.iter().filter(created).map(fixture).collect();
    each(&cases, vec![(); WORKERS], |(), fixture: &Path| {
        for row in AGAINST.iter().filter(created).filter(|row| row.case == name_of(fixture)) {
            let case = EngineCase::new(fixture, &prefix, &host);
            if let Creates(places) = row.peer {
                case.peer(&peer, &["create"])?;
                compare(&case.report(), places).map_err(|it| format!("the peer: {it}"))?;
                case.clear();
            }
            if let Creates(places) = row.ours {
                case.nestctl(&["create"])?;
                compare(&case.report(), places).map_err(|it| format!("nestctl: {it}"))?;
            }
        }
        Ok(())
    });
}

#[test]
fn every_fixture_against_the_peer_has_its_row() {
    let rows: BTreeSet<String> = AGAINST.iter().map(|row| row.case.to_owned()).collect();
    let there: BTreeSet<String> = fixtures("compose-against").iter().map(|path| name_of(path)).collect();
    if std::env::var_os("NESTCTL_TEST_CASE").is_none() {
        assert_eq!(rows, there);
    }
}
