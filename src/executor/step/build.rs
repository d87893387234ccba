//! A build: its course is told as it goes, and of one that fails the last lines of the instruction that failed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::build::{Build, BuildFiles};
use crate::executor::step_context::{Broken, Gain, StepContext};
use crate::model::build::{BuildNote, VertexEnd};
use crate::model::failure::LogTail;
use crate::plan::action::BuildOrder;

/// Lines of a failed instruction that are shown.
const LINES: usize = 20;

/// What is kept of a build for the case that it fails.
#[derive(Default)]
struct Heard {
    names: BTreeMap<u32, String>,
    /// The last lines of vertexes that have not ended.
    lines: BTreeMap<u32, VecDeque<String>>,
    failed: Option<u32>,
}

impl Heard {
    /// Takes a fact; the answer is what is shown of it.
    fn hear(&mut self, note: BuildNote) -> Option<String> {
        match note {
            BuildNote::Began { vertex, name } => {
                // The frontend's own work is told only where it fails.
                let shown = (!name.starts_with("[internal]")).then(|| name.clone());
                self.names.insert(vertex, name);
                shown
            }
            BuildNote::Line { vertex, text } => {
                let lines = self.lines.entry(vertex).or_default();
                if lines.len() == LINES {
                    lines.pop_front();
                }
                lines.push_back(text.clone());
                Some(text)
            }
            BuildNote::Ended { vertex, end: VertexEnd::Failed(_), .. } => {
                self.failed.get_or_insert(vertex);
                None
            }
            BuildNote::Ended { vertex, end, .. } => {
                self.lines.remove(&vertex);
                let name = self.names.get(&vertex).filter(|name| !name.starts_with("[internal]"))?;
                (end == VertexEnd::Cached).then(|| format!("{name}: cached"))
            }
            BuildNote::Warned { text } => Some(format!("warning: {text}")),
            BuildNote::Moved { .. } => None,
        }
    }

    /// The end of what the failed instruction said.
    fn tail(&mut self) -> Option<LogTail> {
        let vertex = self.failed?;
        let lines: Vec<String> = self.lines.remove(&vertex)?.into();
        Some(LogTail { of: self.names.get(&vertex).cloned().unwrap_or_default(), lines })
    }
}

pub(super) async fn build(context: &StepContext, order: &BuildOrder) -> Result<Gain, Broken> {
    let _place = context.permit(&context.link.permits).await?;
    let build =
        Build { spec: order.spec.clone(), names: order.names.clone(), platform: order.platform.clone() };
    let heard: Arc<Mutex<Heard>> = Arc::default();
    let (into, say) = (Arc::clone(&heard), context.say());
    let notes = Arc::new(move |note| {
        let shown = into.lock().unwrap_or_else(PoisonError::into_inner).hear(note);
        if let Some(line) = shown {
            say(line);
        }
    });
    let files: Arc<dyn BuildFiles> = context.files.clone();
    let work = async {
        match context.engine().build(&build, files, notes).await {
            Ok(_) => Ok(Gain::Nothing),
            Err(error) => {
                let mut failure = super::super::failure::of_step(&context.step, &error);
                failure.logs = heard.lock().unwrap_or_else(PoisonError::into_inner).tail();
                Err(Broken::Failed(Box::new(failure)))
            }
        }
    };
    context.unless_cancelled(work).await
}
