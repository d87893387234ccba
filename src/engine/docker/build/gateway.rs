//! A question to the frontend that builds nothing (BuildKit `frontend/subrequests`), as buildx asks it: a build without a frontend
//! of its own begins, and in its name the frontend is called through the gateway. What it answers is in the result's metadata.

use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};

use super::grpc::{Status, UNKNOWN};
use super::message::{AskFrontend, FrontendAnswer, SolveResponse};
use super::solve::{Opened, SOLVE, broken};
use crate::engine::build::{Build, BuildFiles};
use crate::engine::docker::engine::DockerEngine;
use crate::engine::error::EngineError;
use crate::model::build::Checked;

const ASK: &str = "/moby.buildkit.v1.frontend.LLBBridge/Solve";
/// Names the build in whose name the gateway is called.
const BUILD: &str = "buildkit-controlapi-buildid";
/// The check of a Dockerfile, since BuildKit 0.14.
const LINT: &str = "frontend.lint";

impl DockerEngine {
    pub(in crate::engine::docker) async fn lint(
        &self,
        build: &Build,
        files: Arc<dyn BuildFiles>,
    ) -> Result<Checked, EngineError> {
        let answer = self.ask_frontend("check build", build, files, LINT).await?;
        let text = |key: &str| {
            let bytes = answer.get(key).map(Vec::as_slice).unwrap_or_default();
            String::from_utf8_lossy(bytes).trim().to_owned()
        };
        let failed = !matches!(text("result.statuscode").as_str(), "" | "0");
        Ok(Checked { text: text("result.txt"), failed })
    }

    /// What the frontend answers to a question, by the keys of its answer.
    pub(in crate::engine::docker) async fn ask_frontend(
        &self,
        doing: &'static str,
        build: &Build,
        files: Arc<dyn BuildFiles>,
        question: &str,
    ) -> Result<std::collections::HashMap<String, Vec<u8>>, EngineError> {
        let name = build.names.first().map_or("", String::as_str);
        let opened = self.open_build(doing, build, files).await?;
        let Opened { request, channel, .. } = &opened;
        let mut attributes = request.frontend_attributes.clone();
        attributes.insert("requestid".to_owned(), question.to_owned());
        // A frontend that the Dockerfile names may be asked in the place of the engine's own.
        attributes
            .insert("frontend.caps".to_owned(), "moby.buildkit.frontend.subrequests+forward".to_owned());
        let asked = AskFrontend {
            frontend: request.frontend.clone(),
            attributes,
            result_return: true,
            result_arrays: true,
        };
        let mut around = request.clone();
        around.frontend.clear();
        around.frontend_attributes.clear();
        around.exporter.clear();
        around.exporter_attributes.clear();
        around.cache = None;
        let head = [(BUILD, request.reference.as_str())];
        let solve = channel.ask::<SolveResponse>(SOLVE, &around, &[]);
        let answer = channel.ask::<FrontendAnswer>(ASK, &asked, &head);
        // The build around it goes on until it is told its result, or its connection ends.
        let answer = match select(pin!(answer), pin!(solve)).await {
            Either::Left((answer, _)) => answer,
            Either::Right((Err(failed), _)) => Err(failed),
            Either::Right((Ok(_), answer)) => answer.await,
        };
        let answer = answer.map_err(|status| broken(doing, name, told(status, question)))?;
        Ok(answer.result.unwrap_or_default().metadata)
    }
}

/// A frontend that does not know the question says so as of any failure.
fn told(status: Status, question: &str) -> Status {
    if !status.message.contains(&format!("unsupported request {question}")) {
        return status;
    }
    let what = if question == LINT { "check a Dockerfile" } else { "answer this" };
    Status::new(
        UNKNOWN,
        format!(
            "the engine's BuildKit cannot {what}: that came with Docker 27; a Dockerfile that begins with `# syntax=docker/dockerfile:1` \
             brings a frontend that can"
        ),
    )
}
