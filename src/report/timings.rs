//! Where the time of a run went, as text.

use std::time::Duration;

use crate::event::timings::{Share, Timings, Work};

use super::style::Style;
use super::table::{Cell, Table};

/// Renders the critical path and the parts of layers and kinds of calls. `columns`: width of the terminal.
pub fn render(timings: &Timings, style: Style, columns: Option<usize>) -> String {
    let mut path = Table::new(&["BEGAN", "TOOK", "CRITICAL PATH", "BECAUSE"]).elastic(&["BECAUSE"]);
    for leg in &timings.path {
        let (what, because) = match &leg.what {
            Work::Survey => ("asking every engine what it has".to_owned(), String::new()),
            Work::Plan => ("planning".to_owned(), String::new()),
            Work::FinalLook => ("a last look at every engine".to_owned(), String::new()),
            Work::Step { of, verb, cause, .. } => (format!("{verb} {of}"), cause.to_string()),
        };
        let waited = match leg.queued {
            Duration::ZERO => String::new(),
            queued => format!(" ({} for a free place)", fine(queued)),
        };
        let cells = [fine(leg.began), fine(leg.took), what + &waited, because];
        path.row(cells.into_iter().map(Cell::from).collect());
    }
    let mut out = format!("{} of {} on the critical path\n", fine(timings.critical()), fine(timings.total));
    out.push_str(&path.render(style, columns));
    out.push('\n');
    out.push_str(&parts("LAYER", &timings.layers, style, columns));
    out.push('\n');
    out.push_str(&parts("CALL", &timings.actions, style, columns));
    out
}

fn parts<K: std::fmt::Display>(
    head: &str,
    shares: &[Share<K>],
    style: Style,
    columns: Option<usize>,
) -> String {
    let mut table = Table::new(&[head, "STEPS", "BUSY", "TOGETHER", "LONGEST"]);
    for share in shares {
        let times = [share.busy, share.together, share.longest].map(|time| Cell::from(fine(time)));
        let mut cells = vec![Cell::from(share.of.to_string()), Cell::from(share.steps.to_string())];
        cells.extend(times);
        table.row(cells);
    }
    table.render(style, columns)
}

/// `0.034s`, `12.340s`: thousandths of a second, that short calls can be told apart.
fn fine(time: Duration) -> String {
    format!("{}.{:03}s", time.as_secs(), time.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::timings::Leg;
    use crate::model::addr::{Addr, LayerPath};
    use crate::plan::cause::Cause;
    use crate::plan::step::{Resource, StepId};

    #[test]
    fn the_critical_path_stands_above_the_parts() {
        let ms = Duration::from_millis;
        let leg =
            |what, began, took, queued| Leg { what, began: ms(began), took: ms(took), queued: ms(queued) };
        let web: Addr = "vm1/web".parse().expect("an address");
        let create = Work::Step {
            id: StepId(4),
            layer: web.layer(),
            of: Resource::Service(web.clone()),
            verb: "create",
            cause: Cause::Missing,
        };
        let timings = Timings {
            total: ms(2_040),
            path: vec![
                leg(Work::Survey, 0, 34, 0),
                leg(Work::Plan, 34, 1, 0),
                leg(create, 40, 1_900, 700),
                leg(Work::FinalLook, 2_000, 30, 0),
            ],
            layers: vec![
                Share { of: LayerPath::root(), steps: 2, busy: ms(80), together: ms(90), longest: ms(50) },
                Share { of: web.layer(), steps: 1, busy: ms(1_900), together: ms(1_200), longest: ms(1_200) },
            ],
            actions: vec![Share {
                of: "create",
                steps: 3,
                busy: ms(1_900),
                together: ms(1_290),
                longest: ms(1_200),
            }],
        };
        insta::assert_snapshot!(render(&timings, Style::PLAIN, Some(80)), @r"
        1.265s of 2.040s on the critical path
        BEGAN   TOOK    CRITICAL PATH                             BECAUSE
        0.000s  0.034s  asking every engine what it has
        0.034s  0.001s  planning
        0.040s  1.900s  create vm1/web (0.700s for a free place)  does not exist
        2.000s  0.030s  a last look at every engine

        LAYER  STEPS  BUSY    TOGETHER  LONGEST
        /      2      0.080s  0.090s    0.050s
        vm1    1      1.900s  1.200s    1.200s

        CALL    STEPS  BUSY    TOGETHER  LONGEST
        create  3      1.900s  1.290s    1.200s
        ");
    }
}
