//! Streams of what happens: events and logs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::Either;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use serde::Deserialize;

use super::api::{Raw, bytes_of, values_of, within};
use super::engine::DockerEngine;
use super::error::Call as Tried;
use super::exec::output_of_body;
use super::stream::{Demux, Framing};
use crate::engine::engine::{EngineEvent, LogOptions, OutputStream, Span};
use crate::engine::error::EngineError;
use crate::model::label::Labels;
use crate::model::time::{api_seconds, nanoseconds};

/// How long the head of the event stream is waited for. podman sends it with the first event only.
const HEAD_LIMIT: Duration = Duration::from_millis(500);

type Events = BoxStream<'static, Result<EngineEvent, EngineError>>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    #[serde(default, rename = "Type")]
    object: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    actor: Actor,
    #[serde(default, rename = "timeNano")]
    time_nano: i64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Actor {
    #[serde(default, rename = "ID")]
    id: String,
    #[serde(default)]
    attributes: Option<std::collections::BTreeMap<String, String>>,
}

impl From<Message> for EngineEvent {
    fn from(message: Message) -> Self {
        let mut attributes: Labels = message.actor.attributes.unwrap_or_default().into_iter().collect();
        let name = attributes.remove("name").unwrap_or_default();
        let (object, action, id) = (message.object, message.action, message.actor.id);
        Self { object, action, id, name, time: message.time_nano, attributes }
    }
}

/// A time for the API: what is RFC 3339 is translated, all else passed on.
fn moment(text: &str) -> String {
    nanoseconds(text).map_or_else(|| text.to_owned(), api_seconds)
}

impl DockerEngine {
    /// Events of a span of time. Without an end it stands when the call returns, but for podman (see below).
    pub(super) async fn open_history(&self, span: &Span) -> Result<Events, EngineError> {
        if span.since.is_none() && span.until.is_none() {
            return self.open_events().await;
        }
        let call = Tried::new("read the events of the engine", "");
        let request =
            Raw::get(&["events"]).maybe("since", span.since.as_deref()).maybe("until", span.until.as_deref());
        let transport = self.transport.clone();
        let opened = async move {
            match request.send(&transport, &call).await {
                Ok(response) => {
                    let messages = values_of::<Message>(bytes_of(response, call.clone(), None), call);
                    Either::Left(messages.map(|message| message.map(EngineEvent::from)))
                }
                Err(error) => Either::Right(stream::once(std::future::ready(Err(error)))),
            }
        };
        Ok(stream::once(opened).flatten().boxed())
    }

    /// The engine writes the head of its answer just before it subscribes, so that an event in between would be
    /// lost; `since` makes it repeat those. Where its clock is ahead of ours by more than that, the gap stays.
    pub(super) async fn open_events(&self) -> Result<Events, EngineError> {
        let call = Tried::new("subscribe to the events of the engine", "");
        within(&call, Some(self.transport.limits.call), async {
            self.transport.version().await.map_err(|e| call.unreachable(e))
        })
        .await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let since = format!("{}.{:09}", now.as_secs(), now.subsec_nanos());
        let transport = self.transport.clone();
        let head_call = call.clone();
        let mut head = Box::pin(async move {
            Raw::get(&["events"]).query("since", &since).send(&transport, &head_call).await
        });
        let to_events = move |response| {
            let messages = values_of::<Message>(bytes_of(response, call.clone(), None), call.clone());
            messages.map(|message| message.map(EngineEvent::from)).boxed()
        };
        if let Ok(response) = tokio::time::timeout(HEAD_LIMIT, &mut head).await {
            return Ok(to_events(response?));
        }
        let late = stream::once(head).flat_map(move |response| match response {
            Ok(response) => Either::Left(to_events(response)),
            Err(error) => Either::Right(stream::once(std::future::ready(Err(error)))),
        });
        Ok(late.boxed())
    }

    pub(super) async fn open_logs(
        &self,
        container: &str,
        options: &LogOptions,
    ) -> Result<OutputStream, EngineError> {
        let call = Tried::new("read the log of container", container);
        let terminal = self.inspect_container(container).await?.tty;
        let tail = options.tail.map(|lines| lines.to_string());
        let request = Raw::get(&["containers", container, "logs"])
            .query("stdout", "true")
            .query("stderr", "true")
            .query("follow", if options.follow { "true" } else { "false" })
            .query("timestamps", if options.timestamps { "true" } else { "false" })
            .query("tail", tail.as_deref().unwrap_or("all"))
            .maybe("since", options.since.as_deref().map(moment).as_deref())
            .maybe("until", options.until.as_deref().map(moment).as_deref());
        let response =
            within(&call, Some(self.transport.limits.call), request.send(&self.transport, &call)).await?;
        let framing = Framing::of(response.headers(), terminal);
        Ok(output_of_body(bytes_of(response, call.clone(), None), Demux::new(framing), call))
    }
}
