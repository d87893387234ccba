//! Plans of the commands on a lab that is there: `vm1` (dind) with `db` and `web` inside, and `client` outside.

use std::collections::BTreeSet;

use super::*;
use crate::model::addr::Pattern;
use crate::model::dial::Dial;
use crate::model::facts::Facts;
use crate::model::failure::{Failure, FailureKind};
use crate::model::label::Labels;
use crate::model::name::ProjectName;
use crate::model::observed::{Observed, ObservedEndpoint, ObservedMount, ObservedNetwork, ObservedVolume};
use crate::plan::goal::{Down, Goal, Part, Wait};
use crate::plan::known::{Answered, Layer};
use crate::plan::plan_check::breaches;

fn container(addr: &str, state: ContainerState, more: &[(&str, &str)]) -> ObservedContainer {
    let id = format!("id-{}", addr.replace('/', "-"));
    let mut labels: Labels =
        more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    labels.insert(label::PROJECT.to_owned(), "poc".to_owned());
    labels.insert(label::ROOT.to_owned(), "root".to_owned());
    labels.insert(label::ADDRESS.to_owned(), addr.to_owned());
    ObservedContainer {
        name: id.clone(),
        id,
        image: "image".to_owned(),
        image_id: "sha256:1".to_owned(),
        state,
        health: None,
        exit_code: None,
        labels,
        ports: Vec::new(),
        networks: BTreeMap::new(),
        mounts: Vec::new(),
        created: 1,
    }
}

fn root(state: ContainerState) -> Vec<ObservedContainer> {
    let dial = Dial::Exec { argv: vec!["dial".to_owned()], env: Vec::new(), user: None }.to_label();
    vec![
        container("vm1", state, &[(label::KIND, "dind"), (label::ENGINE, &dial)]),
        container("client", state, &[(label::NEEDS, "vm1/web"), (label::AWAITS, "vm1/web=started,restart")]),
        container("other", ContainerState::Running, &[]),
    ]
}

fn inner(state: ContainerState) -> Vec<ObservedContainer> {
    vec![
        container("vm1/db", state, &[]),
        container("vm1/web", state, &[(label::NEEDS, "vm1/db"), (label::AWAITS, "vm1/db=healthy")]),
    ]
}

fn known(layers: Vec<(&str, Vec<ObservedContainer>)>) -> Known {
    let mut known = Known { root_id: "root".to_owned(), ..Known::default() };
    for (path, containers) in layers {
        let path = match path {
            "/" => LayerPath::root(),
            node => node.parse::<Addr>().expect("an address").inner(),
        };
        let seen = Observed { containers, ..Observed::default() };
        let answered = Answered { home: path.clone(), seen, facts: None };
        known.layers.insert(path, Layer::Answered(Box::new(answered)));
    }
    known
}

fn life(verb: Verb, targets: &[&str]) -> Life {
    Life {
        project: ProjectName::new("poc").expect("a name"),
        targets: targets.iter().map(|text| text.parse::<Pattern>().expect("an address")).collect(),
        verb,
        grace: None,
        wait: Wait::Started,
    }
}

fn planned(verb: Verb, targets: &[&str], known: &Known, scope: &BTreeSet<LayerPath>, first: u32) -> Plan {
    let plan = Goal::Life(life(verb, targets)).plan(known, scope, StepId(first));
    assert_eq!(breaches(&plan, known, StepId(first)), Vec::<String>::new(), "{plan}");
    plan
}

fn plan_of(verb: Verb, targets: &[&str], known: &Known) -> String {
    let scope = known.layers.keys().cloned().collect();
    planned(verb, targets, known, &scope, 0).to_string()
}

fn running() -> Known {
    known(vec![("/", root(ContainerState::Running)), ("vm1", inner(ContainerState::Running))])
}

#[test]
fn a_node_stops_after_what_is_inside_and_after_what_needs_it() {
    insta::assert_snapshot!(plan_of(Verb::Stop, &["vm1"], &running()), @r"
    #0 stop vm1/web (asked for)
    #1 stop vm1/db (asked for) after #0 (ended)
    #2 stop vm1 (asked for) after #0 (ended), #1 (ended)
    ");
    insta::assert_snapshot!(plan_of(Verb::Stop, &[], &running()), @r"
    #0 stop client (asked for)
    #1 stop other (asked for)
    #2 stop vm1/web (asked for) after #0 (ended)
    #3 stop vm1/db (asked for) after #2 (ended)
    #4 stop vm1 (asked for) after #2 (ended), #3 (ended)
    ");
}

#[test]
fn a_stopped_lab_starts_in_order_and_its_inner_layer_once_it_is_entered() {
    let mut known = known(vec![("/", root(ContainerState::Exited))]);
    let first = planned(Verb::Start, &["client"], &known, &BTreeSet::from([LayerPath::root()]), 0);
    insta::assert_snapshot!(first.to_string(), @r"
    #0 start vm1 (not running) => vm1 started
    #1 enter vm1 (has an inner layer) after #0 => vm1 engine up
    #2 start client (not running) after vm1/web started => client started
    ");
    known.promised.extend(first.steps.iter().flat_map(|step| &step.reaches).cloned());
    let vm1 = "vm1".parse::<Addr>().expect("an address").inner();
    let seen = Observed { containers: inner(ContainerState::Exited), ..Observed::default() };
    let answered = Answered { home: vm1.clone(), seen, facts: None };
    known.layers.insert(vm1.clone(), Layer::Answered(Box::new(answered)));
    let second = planned(Verb::Start, &["client"], &known, &BTreeSet::from([vm1]), 10);
    insta::assert_snapshot!(second.to_string(), @r"
    #10 start vm1/db (not running) => vm1/db started
    #11 wait vm1/db (awaited) after vm1/db started => vm1/db healthy
    #12 start vm1/web (not running) after vm1/db healthy => vm1/web started
    ");
}

#[test]
fn a_restart_takes_along_what_asks_for_it() {
    insta::assert_snapshot!(plan_of(Verb::Restart { no_deps: false }, &["vm1/web"], &running()), @r"
    #0 stop client (asked for)
    #1 stop vm1/web (asked for) after #0 (ended)
    #2 wait vm1/db (awaited) => vm1/db healthy
    #3 start vm1/web (asked for) after #1, vm1/db healthy => vm1/web started
    #4 start client (asked for) after #0, vm1/web started => client started
    ");
    insta::assert_snapshot!(plan_of(Verb::Restart { no_deps: true }, &["vm1/web"], &running()), @r"
    #0 stop vm1/web (asked for)
    #1 wait vm1/db (awaited) => vm1/db healthy
    #2 start vm1/web (asked for) after #0, vm1/db healthy => vm1/web started
    ");
}

#[test]
fn a_restarted_node_is_entered_and_nothing_inside_starts_before() {
    insta::assert_snapshot!(plan_of(Verb::Restart { no_deps: true }, &["vm1"], &running()), @r"
    #0 stop vm1/web (asked for)
    #1 stop vm1/db (asked for) after #0 (ended)
    #2 stop vm1 (asked for) after #0 (ended), #1 (ended)
    #3 start vm1 (asked for) after #2 => vm1 started
    #4 enter vm1 (has an inner layer) after #3 => vm1 engine up
    ");
}

#[test]
fn a_frozen_or_killed_node_takes_along_what_is_inside() {
    insta::assert_snapshot!(plan_of(Verb::Pause, &["vm1"], &running()), @r"
    #0 pause vm1 (asked for)
    ");
    insta::assert_snapshot!(plan_of(Verb::Kill { signal: None }, &["vm1"], &running()), @r"
    #0 kill vm1 (asked for)
    ");
    let hangup = Verb::Kill { signal: Some("HUP".to_owned()) };
    insta::assert_snapshot!(plan_of(hangup, &["vm1"], &running()), @r"
    #0 kill vm1/web (asked for)
    #1 kill vm1/db (asked for) after #0 (ended)
    #2 kill vm1 (asked for) after #0 (ended), #1 (ended)
    ");
}

#[test]
fn what_is_paused_in_a_node_is_thawed_before_that_is_killed_where_the_kernel_would_keep_it() {
    let mut paused = inner(ContainerState::Running);
    paused[0].state = ContainerState::Paused;
    let mut known = known(vec![("/", root(ContainerState::Running)), ("vm1", paused)]);
    let kill = || Verb::Kill { signal: None };
    assert_eq!(plan_of(kill(), &["vm1"], &known), "#0 kill vm1 (asked for)\n");
    let Some(Layer::Answered(answered)) = known.layers.get_mut(&LayerPath::root()) else {
        panic!("the root")
    };
    answered.facts = Some(Facts { cgroup_version: 1, ..Facts::default() });
    insta::assert_snapshot!(plan_of(kill(), &["vm1"], &known), @r"
    #0 thaw vm1 (what is paused inside would keep it from ending)
    #1 kill vm1 (asked for) after #0 (ended)
    ");
    // A stop continues what is paused, and needs no help.
    insta::assert_snapshot!(plan_of(Verb::Stop, &["vm1"], &known), @r"
    #0 stop vm1/web (asked for)
    #1 unpause vm1/db (paused) after #0 (ended)
    #2 stop vm1/db (asked for) after #1 (ended)
    #3 stop vm1 (asked for) after #0 (ended), #2 (ended)
    ");
    let silent = Failure { kind: FailureKind::Timeout, summary: String::new(), causes: vec![], logs: None };
    let vm1 = "vm1".parse::<Addr>().expect("an address").inner();
    known.layers.insert(vm1, Layer::Silent(silent));
    insta::assert_snapshot!(plan_of(Verb::Restart { no_deps: true }, &["vm1"], &known), @r"
    #0 thaw vm1 (what is paused inside would keep it from ending)
    #1 stop vm1 (its engine does not answer) after #0 (ended)
    #2 start vm1 (asked for) after #1 => vm1 started
    #3 enter vm1 (has an inner layer) after #2 => vm1 engine up
    ");
    let project = ProjectName::new("poc").expect("a name");
    let down = Down { project, volumes: false, grace: None, patience: None, rmi: None, part: None };
    let plan = Goal::Down(down).plan(&known, &BTreeSet::from([LayerPath::root()]), StepId(0));
    insta::assert_snapshot!(plan.to_string(), @r"
    #0 stop client (asked for)
    #1 remove client (asked for) after #0 (ended)
    #2 stop other (asked for)
    #3 remove other (asked for) after #2 (ended)
    #4 thaw vm1 (what is paused inside would keep it from ending)
    #5 stop vm1 (its engine does not answer) after #4 (ended)
    #6 remove vm1 (its engine does not answer) after #5 (ended)
    ");
}

#[test]
fn only_what_does_not_run_is_removed_unless_it_is_stopped_first() {
    let known = known(vec![("/", root(ContainerState::Running)), ("vm1", inner(ContainerState::Exited))]);
    insta::assert_snapshot!(plan_of(Verb::Remove { stop: false, volumes: false }, &[], &known), @r"
    #0 remove vm1/web (asked for)
    #1 remove vm1/db (asked for) after #0 (ended)
    ");
    insta::assert_snapshot!(plan_of(Verb::Remove { stop: true, volumes: true }, &["vm1"], &known), @r"
    #0 remove vm1/web (asked for)
    #1 remove vm1/db (asked for) after #0 (ended)
    #2 stop vm1 (asked for) after #0 (ended), #1 (ended)
    #3 remove vm1 (asked for) after #2
    ");
}

/// The lab with networks and volumes: `own` is `client`'s alone, `shared` it has with `other`; and inside `vm1` the same
/// of `web` and `db`.
fn furnished(state: ContainerState) -> Known {
    let mut known = known(vec![("/", root(state)), ("vm1", inner(state))]);
    for (path, layer) in &mut known.layers {
        let Layer::Answered(answered) = layer else { continue };
        let seen = &mut answered.seen;
        let owner = path.node().map(|node| node.to_string()).unwrap_or_default();
        let mut labels = container(&owner, state, &[]).labels;
        for name in ["own", "shared"] {
            let (name, labels) = (name.to_owned(), labels.clone());
            seen.networks.push(ObservedNetwork {
                id: format!("{name}-id"),
                name: name.clone(),
                driver: "bridge".to_owned(),
                labels: labels.clone(),
                options: BTreeMap::new(),
                subnets: Vec::new(),
            });
            seen.volumes.push(ObservedVolume { name, labels });
        }
        labels.insert(label::ROLE.to_owned(), "data".to_owned());
        labels.insert(label::ADDRESS.to_owned(), "vm1".to_owned());
        if path.is_root() {
            seen.volumes.push(ObservedVolume { name: "vm1_docker".to_owned(), labels });
        }
        let (first, second) = if path.is_root() { ("client", "other") } else { ("vm1/web", "vm1/db") };
        for container in &mut seen.containers {
            let addr = container.labels.get(label::ADDRESS).cloned().expect("an address");
            let has =
                |name: &str| if name == "own" { addr == first } else { addr == first || addr == second };
            for name in ["own", "shared"].into_iter().filter(|name| has(name)) {
                let network = if addr == first { format!("{name}-id") } else { String::new() };
                let endpoint = ObservedEndpoint { network, address: String::new() };
                container.networks.insert(name.to_owned(), endpoint);
                let (source, target) = (String::new(), format!("/{name}"));
                container.mounts.push(ObservedMount { volume: Some(name.to_owned()), source, target });
            }
        }
    }
    known
}

fn down_of(targets: &[&str], volumes: bool, known: &Known) -> String {
    down_with(targets, false, volumes, known)
}

fn down_with(targets: &[&str], dependents: bool, volumes: bool, known: &Known) -> String {
    let targets = targets.iter().map(|text| text.parse::<Pattern>().expect("an address")).collect();
    let part = Some(Part { targets, dependents, one_offs: false, lab: None });
    let project = ProjectName::new("poc").expect("a name");
    let goal = Goal::Down(Down { project, volumes, grace: None, patience: None, rmi: None, part });
    let plan = goal.plan(known, &known.layers.keys().cloned().collect(), StepId(0));
    assert_eq!(breaches(&plan, known, StepId(0)), Vec::<String>::new(), "{plan}");
    plan.to_string()
}

#[test]
fn a_part_is_taken_down_with_the_networks_and_volumes_that_nothing_else_is_on() {
    let known = furnished(ContainerState::Running);
    insta::assert_snapshot!(down_of(&["client"], false, &known), @r"
    #0 stop client (asked for)
    #1 remove client (asked for) after #0 (ended)
    #2 remove network own (asked for) after #0 (ended), #1 (ended)
    ");
    insta::assert_snapshot!(down_of(&["client"], true, &known), @r"
    #0 stop client (asked for)
    #1 remove client (asked for) after #0 (ended)
    #2 remove network own (asked for) after #0 (ended), #1 (ended)
    #3 remove volume own (asked for) after #0 (ended), #1 (ended)
    ");
    // What it has with somebody who stays is kept, also where that one does not run.
    insta::assert_snapshot!(down_of(&["vm1/web"], true, &furnished(ContainerState::Exited)), @r"
    #0 remove vm1/web (asked for)
    #1 remove network own in vm1 (asked for) after #0 (ended)
    #2 remove volume own in vm1 (asked for) after #0 (ended)
    ");
    insta::assert_snapshot!(down_of(&["other", "client"], false, &known), @r"
    #0 stop client (asked for)
    #1 remove client (asked for) after #0 (ended)
    #2 stop other (asked for)
    #3 remove other (asked for) after #2 (ended)
    #4 remove network own (asked for) after #0 (ended), #1 (ended), #2 (ended), #3 (ended)
    #5 remove network shared (asked for) after #0 (ended), #1 (ended), #2 (ended), #3 (ended)
    ");
}

#[test]
fn a_node_is_taken_down_with_what_is_inside() {
    let known = furnished(ContainerState::Running);
    insta::assert_snapshot!(down_of(&["vm1"], false, &known), @r"
    #0 stop vm1/web (asked for)
    #1 remove vm1/web (asked for) after #0 (ended)
    #2 stop vm1/db (asked for) after #0 (ended), #1 (ended)
    #3 remove vm1/db (asked for) after #2 (ended)
    #4 stop vm1 (asked for) after #0 (ended), #1 (ended), #2 (ended), #3 (ended), vm1 cleared (ended)
    #5 remove vm1 (asked for) after #4 (ended)
    #6 remove network own in vm1 (asked for) after #0 (ended), #1 (ended), #2 (ended), #3 (ended)
    #7 remove network shared in vm1 (asked for) after #0 (ended), #1 (ended), #2 (ended), #3 (ended)
    #8 join layer vm1 (asked for) after #0 (ended), #1 (ended), #2 (ended), #3 (ended), #6 (ended), #7 (ended) => vm1 cleared
    ");
    insta::assert_snapshot!(down_of(&["vm1"], true, &known), @r"
    #0 stop vm1/web (asked for)
    #1 stop vm1/db (asked for) after #0 (ended)
    #2 stop vm1 (asked for) after #0 (ended), #1 (ended), vm1 cleared (ended)
    #3 remove vm1 (asked for) after #2 (ended)
    #4 remove volume vm1_docker (asked for) after #2 (ended), #3 (ended)
    #5 join layer vm1 (asked for) after #0 (ended), #1 (ended) => vm1 cleared
    ");
    insta::assert_snapshot!(down_of(&["nobody"], true, &known), @"");
}

#[test]
fn what_needs_a_part_goes_with_it_where_that_is_asked_for() {
    let known = furnished(ContainerState::Running);
    insta::assert_snapshot!(down_with(&["vm1/db"], true, false, &known), @r"
    #0 stop client (asked for)
    #1 remove client (asked for) after #0 (ended)
    #2 stop vm1/web (asked for) after #0 (ended), #1 (ended)
    #3 remove vm1/web (asked for) after #2 (ended)
    #4 stop vm1/db (asked for) after #2 (ended), #3 (ended)
    #5 remove vm1/db (asked for) after #4 (ended)
    #6 remove network own in vm1 (asked for) after #2 (ended), #3 (ended), #4 (ended), #5 (ended)
    #7 remove network shared in vm1 (asked for) after #2 (ended), #3 (ended), #4 (ended), #5 (ended)
    #8 remove network own (asked for) after #0 (ended), #1 (ended)
    ");
}

#[test]
fn helpers_go_with_what_they_are_for_and_one_off_containers_where_it_is_asked_for() {
    let beside = |role: &str| container("other", ContainerState::Running, &[(label::ROLE, role)]);
    let (mut hook, mut run) = (beside(label::ROLE_HOOK), beside(label::ROLE_RUN));
    (hook.id, run.id) = ("hook".to_owned(), "run".to_owned());
    run.networks.insert("shared".to_owned(), ObservedEndpoint::default());
    let mut known = furnished(ContainerState::Running);
    if let Some(Layer::Answered(answered)) = known.layers.get_mut(&LayerPath::root()) {
        answered.seen.containers.extend([hook, run]);
    }
    insta::assert_snapshot!(down_of(&["other", "client"], false, &known), @r"
    #0 stop client (asked for)
    #1 remove client (asked for) after #0 (ended)
    #2 stop other (asked for)
    #3 remove other (asked for) after #2 (ended)
    #4 remove other (asked for)
    #5 remove network own (asked for) after #0 (ended), #1 (ended), #2 (ended), #3 (ended)
    ");
}

#[test]
fn what_a_container_waits_for_is_read_from_its_labels() {
    let addr = |text: &str| text.parse::<Addr>().expect("an address");
    assert_eq!(write_await(&addr("db"), Stage::Started, false), None);
    let words = [
        write_await(&addr("db"), Stage::Healthy, true).expect("more than started"),
        write_await(&addr("init"), Stage::Completed, false).expect("more than started"),
    ];
    let labels = [(label::NEEDS, "cache db init"), (label::AWAITS, &words.join(" "))];
    let read = awaits(&container("web", ContainerState::Running, &labels));
    let stages: Vec<_> = read.iter().map(|it| (it.on.to_string(), it.stage, it.restart)).collect();
    assert_eq!(
        stages,
        [
            ("cache".to_owned(), Stage::Started, false),
            ("db".to_owned(), Stage::Healthy, true),
            ("init".to_owned(), Stage::Completed, false),
        ]
    );
}
