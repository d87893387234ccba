//! A row of a database inside a node: it is there after every stop, restart and recreate of its node, however it ended.

use nestctl::engine::engine::Change;

use crate::support::hand;
use crate::support::lab::TestLab;
use crate::support::real_engine::block_on;
use crate::support::running::killed_at_every_step;

use super::asked::{assert_goes, assert_nothing_to_do, lab};

const LAB: &str = "
services:
  vm1:
    engine: { kind: dind, args: [--shutdown-timeout=15] }
    image: ${DIND_IMAGE}
    inner:
      services:
        db:
          image: ${POSTGRES_IMAGE}
          volumes: ['rows:/data']
          healthcheck:
            test: [CMD-SHELL, 'psql -h 127.0.0.1 -U postgres -c \"select 1\"']
            interval: 500ms
            retries: 240
      volumes: { rows: {} }
";

fn sql(lab: &TestLab, text: &str) -> String {
    let argv = ["psql", "-h", "127.0.0.1", "-U", "postgres", "-At", "-c", text];
    let (out, code) = lab.exec("vm1", "vm1/db", &argv);
    assert_eq!(code, 0, "{text}: {out}");
    out.trim().to_owned()
}

#[test]
fn a_row_must_survive_every_stop_restart_and_recreate_of_its_node() {
    let Some(lab) = lab("rows", LAB) else { return };
    lab.run(&["up"]).ok();
    sql(&lab, "create table rows (n serial primary key, said text)");
    let mut rows = 0;
    let mut check = |what: &str| {
        println!("{what}");
        lab.run(&["up"]).ok();
        assert_nothing_to_do(&lab, what);
        assert_eq!(sql(&lab, "select count(*) from rows"), rows.to_string(), "{what}");
        sql(&lab, &format!("insert into rows (said) values ('{what}')"));
        rows += 1;
    };
    check("the first up");
    let node = |lab: &TestLab| lab.containers()["vm1"].id.clone();
    let act = |change: Change| {
        block_on(lab.engine().act(&node(&lab), &change)).expect("it is done by hand");
    };
    lab.run(&["stop"]).ok();
    check("stop");
    lab.run(&["restart", "vm1"]).ok();
    check("restart");
    act(Change::Stop(None));
    check("a stop by hand");
    act(Change::Kill(None));
    check("a node that was killed");
    block_on(hand::signal(&*lab.engine(), &node(&lab), "dockerd", "KILL"));
    check("a daemon that was killed");
    act(Change::Pause);
    check("a pause");
    lab.run(&["kill", "vm1/db"]).ok();
    check("a database that was killed");
    lab.edit("nest.yaml", "--shutdown-timeout=15", "--shutdown-timeout=16");
    check("a recreate of the node");
    lab.run(&["up", "--force-recreate"]).ok();
    check("a recreate of everything");
    lab.run(&["down"]).ok();
    check("a down that keeps the volumes");
    lab.edit("nest.yaml", "--shutdown-timeout=16", "--shutdown-timeout=17");
    println!("{} kills", killed_at_every_step(&lab, &["up"]));
    check("a recreate that was killed at every step");
    println!("{} kills", killed_at_every_step(&lab, &["down"]));
    check("a down that was killed at every step");
    act(Change::Kill(None));
    lab.run(&["down"]).ok();
    check("a down of a node that was killed");
    assert_goes(&lab, "at last");
}
