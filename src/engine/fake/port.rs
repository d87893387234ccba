//! The fake behind the port.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};

use crate::engine::build::{Build, BuildFiles, BuildNotes};
use crate::engine::engine::{
    AttachSpec, ByteStream, Call, Change, Create, Engine, EngineEvent, ExecSession, ExecSpec, LogOptions,
    OutputStream, Progress, Remove, Span,
};
use crate::engine::error::EngineError;
use crate::model::build::{BuildNote, Checked, VertexEnd};
use crate::model::dial::Dial;
use crate::model::facts::Facts;
use crate::model::failure::FailureKind;
use crate::model::observed::{ContainerDetail, ContainerState, ImageDetail, Observed};
use crate::model::usage::{ProcessTable, Usage};

use super::clock;
use super::fake_engine::FakeEngine;
use super::flight::{call, call_for_stream};
use super::streams;
use super::world::{Place, refuse};

impl Engine for FakeEngine {
    fn ping(&self) -> Call<'_, ()> {
        Box::pin(call(&self.world, &self.place, "ping", "", |_, _| Ok(())))
    }

    fn facts(&self) -> Call<'_, Facts> {
        let work = |world: &mut super::world::World, engine: usize| Ok(world.engines[engine].facts.clone());
        Box::pin(call(&self.world, &self.place, "read facts", "", work))
    }

    fn observe(&self) -> Call<'_, Observed> {
        let work = |world: &mut super::world::World, engine: usize| Ok(world.engines[engine].observed());
        Box::pin(call(&self.world, &self.place, "observe", "", work))
    }

    fn inspect<'a>(&'a self, container: &'a str) -> Call<'a, ContainerDetail> {
        let op = "inspect container";
        Box::pin(call(&self.world, &self.place, op, container, move |world, engine| {
            let index = world.find_for(engine, op, container)?;
            let detail = world.engines[engine].containers[index].detail();
            world.inspected(engine, index);
            Ok(detail)
        }))
    }

    fn inspect_image<'a>(&'a self, image: &'a str) -> Call<'a, ImageDetail> {
        let op = "inspect image";
        Box::pin(call(&self.world, &self.place, op, image, move |world, engine| {
            let found = world.engines[engine].image(image).map(super::images::Image::detail);
            found.ok_or_else(|| refuse(op, image, FailureKind::NotFound, format!("No such image: {image}")))
        }))
    }

    fn create<'a>(&'a self, object: &'a Create) -> Call<'a, String> {
        let (op, name) = match object {
            Create::Container { name, .. } => ("create container", name),
            Create::Network { name, .. } => ("create network", name),
            Create::Volume { name, .. } => ("create volume", name),
        };
        Box::pin(call(&self.world, &self.place, op, name, move |world, engine| world.create(engine, object)))
    }

    fn act<'a>(&'a self, container: &'a str, change: &'a Change) -> Call<'a, ()> {
        let op = super::lifecycle::op_of(change);
        let work = move |world: &mut super::world::World, engine| world.act(engine, container, change);
        Box::pin(call(&self.world, &self.place, op, container, work))
    }

    fn remove<'a>(&'a self, object: &'a Remove) -> Call<'a, ()> {
        let (op, target) = match object {
            Remove::Container { container, volumes } => {
                return Box::pin(super::removal::remove(&self.world, &self.place, container, *volumes));
            }
            Remove::Network(network) => ("remove network", network),
            Remove::Volume(volume) => ("remove volume", volume),
            Remove::Image(image) => ("remove image", image),
        };
        Box::pin(call(&self.world, &self.place, op, target, move |world, engine| {
            world.remove(engine, object)
        }))
    }

    /// A build succeeds where the test has put its image into the registry, and fails as a pull does elsewhere.
    fn build<'a>(
        &'a self,
        build: &'a Build,
        _files: Arc<dyn BuildFiles>,
        notes: BuildNotes,
    ) -> Call<'a, String> {
        Box::pin(async move {
            let name = build.names.first().map_or("", String::as_str);
            notes(BuildNote::Began { vertex: 1, name: "[1/1] RUN build".to_owned() });
            notes(BuildNote::Line { vertex: 1, text: "building".to_owned() });
            let work = |world: &mut super::world::World, engine| world.build(engine, name);
            let built = call(&self.world, &self.place, "build image", name, work).await;
            let end = match &built {
                Ok(_) => VertexEnd::Done,
                Err(_) => VertexEnd::Failed("did not complete".to_owned()),
            };
            notes(BuildNote::Ended { vertex: 1, end, took: std::time::Duration::ZERO });
            built
        })
    }

    fn check_build<'a>(&'a self, build: &'a Build, _files: Arc<dyn BuildFiles>) -> Call<'a, Checked> {
        Box::pin(async move {
            let name = build.names.first().map_or("", String::as_str);
            let nothing = |_: &mut super::world::World, _| Ok(Checked { text: String::new(), failed: false });
            call(&self.world, &self.place, "check build", name, nothing).await
        })
    }

    fn pull<'a>(&'a self, image: &'a str, _platform: Option<&'a str>, progress: Progress) -> Call<'a, ()> {
        Box::pin(async move {
            let work = |world: &mut super::world::World, engine| world.pull(engine, image);
            let size = call(&self.world, &self.place, "pull image", image, work).await?;
            progress(0, Some(size));
            progress(size, Some(size));
            Ok(())
        })
    }

    fn push<'a>(&'a self, image: &'a str, progress: Progress) -> Call<'a, ()> {
        Box::pin(async move {
            let work = |world: &mut super::world::World, engine| world.push(engine, image);
            let size = call(&self.world, &self.place, "push image", image, work).await?;
            progress(size, Some(size));
            Ok(())
        })
    }

    fn registry_digest<'a>(&'a self, image: &'a str) -> Call<'a, String> {
        let work = move |world: &mut super::world::World, _engine| world.served_digest(image);
        Box::pin(call(&self.world, &self.place, "look up image", image, work))
    }

    fn save<'a>(&'a self, image: &'a str) -> Call<'a, ByteStream> {
        Box::pin(async move {
            let op = "save image";
            let work = |world: &mut super::world::World, engine| world.save(engine, image);
            let (bytes, breaks) = call_for_stream(&self.world, &self.place, op, image, work).await?;
            Ok(streams::stream_of(bytes, op, image, breaks))
        })
    }

    fn load(&self, archive: ByteStream) -> Call<'_, Vec<String>> {
        Box::pin(async move {
            // The request's body comes first: one that breaks takes no effect.
            let bytes = streams::all_of(archive).await;
            let work = move |world: &mut super::world::World, engine| world.load(engine, &bytes?);
            call(&self.world, &self.place, "load image", "", work).await
        })
    }

    fn tag<'a>(&'a self, image: &'a str, reference: &'a str) -> Call<'a, ()> {
        let work = move |world: &mut super::world::World, engine| world.tag(engine, image, reference);
        Box::pin(call(&self.world, &self.place, "tag image", image, work))
    }

    /// Files of the fake belong to nobody.
    fn put_for_user<'a>(&'a self, container: &'a str, path: &'a str, archive: ByteStream) -> Call<'a, ()> {
        self.put(container, path, archive)
    }

    fn put<'a>(&'a self, container: &'a str, path: &'a str, archive: ByteStream) -> Call<'a, ()> {
        Box::pin(async move {
            let bytes = streams::all_of(archive).await;
            let work =
                move |world: &mut super::world::World, engine| world.put(engine, container, path, &bytes?);
            call(&self.world, &self.place, "put files", container, work).await
        })
    }

    fn get<'a>(&'a self, container: &'a str, path: &'a str) -> Call<'a, ByteStream> {
        Box::pin(async move {
            let op = "get files";
            let work = |world: &mut super::world::World, engine| world.get(engine, container, path);
            let (bytes, breaks) = call_for_stream(&self.world, &self.place, op, container, work).await?;
            Ok(streams::stream_of(bytes, op, container, breaks))
        })
    }

    fn exec<'a>(&'a self, container: &'a str, exec: &'a ExecSpec) -> Call<'a, ExecSession> {
        let op = "exec";
        Box::pin(call(&self.world, &self.place, op, container, move |world, engine| {
            let index = world.find_for(engine, op, container)?;
            let found = &world.engines[engine].containers[index];
            if found.state != ContainerState::Running {
                let why = format!("container {} is not running", found.id);
                return Err(refuse(op, container, FailureKind::Conflict, why));
            }
            let behaviour = world.behaviour(found);
            Ok(match behaviour.exec {
                Some(answer) => {
                    let (output, code) = answer(exec);
                    streams::answered(output, code)
                }
                None if exec.stdin && exec.argv.first().is_some_and(|program| program == "cat") => {
                    streams::echo()
                }
                None => streams::answered(Vec::new(), 0),
            })
        }))
    }

    fn exec_detached<'a>(&'a self, container: &'a str, exec: &'a ExecSpec) -> Call<'a, ()> {
        Box::pin(async move { self.exec(container, exec).await.map(drop) })
    }

    fn logs<'a>(&'a self, container: &'a str, options: &'a LogOptions) -> Call<'a, OutputStream> {
        let op = "read logs";
        Box::pin(call(&self.world, &self.place, op, container, move |world, engine| {
            let now = world.now;
            let index = world.find_for(engine, op, container)?;
            let container = &mut world.engines[engine].containers[index];
            let lines = container.lines(options, now);
            let past = stream::iter(lines.into_iter().map(Ok));
            if options.follow && container.state != ContainerState::Exited {
                let timestamps = options.timestamps;
                let coming = container.followers.add().map(move |line| {
                    line.map(|(at, kind, bytes)| {
                        let time =
                            if timestamps { format!("{} ", clock::rfc3339(at)) } else { String::new() };
                        (kind, [time.as_bytes(), &bytes].concat().into())
                    })
                });
                Ok(past.chain(coming).boxed())
            } else {
                Ok(past.boxed())
            }
        }))
    }

    fn events(&self) -> Call<'_, BoxStream<'static, Result<EngineEvent, EngineError>>> {
        let work =
            |world: &mut super::world::World, engine: usize| Ok(world.engines[engine].subscribers.add());
        Box::pin(call(&self.world, &self.place, "follow events", "", work))
    }

    fn attach<'a>(&'a self, container: &'a str, spec: &'a AttachSpec) -> Call<'a, ExecSession> {
        let op = "attach";
        Box::pin(call(&self.world, &self.place, op, container, move |world, engine| {
            let index = world.find_for(engine, op, container)?;
            let container = &mut world.engines[engine].containers[index];
            let echoes = spec.stdin && container.spec.command.as_ref().is_some_and(|it| it == &["cat"]);
            if echoes {
                return Ok(streams::echo());
            }
            let output =
                container.followers.add().map(|line| line.map(|(_, kind, bytes)| (kind, bytes))).boxed();
            Ok(ExecSession { output, ..streams::answered(Vec::new(), 0) })
        }))
    }

    fn wait<'a>(
        &'a self,
        container: &'a str,
        next: bool,
    ) -> Call<'a, BoxFuture<'static, Result<i64, EngineError>>> {
        let op = "wait for container";
        Box::pin(call(&self.world, &self.place, op, container, move |world, engine| {
            let index = world.find_for(engine, op, container)?;
            let state = &mut world.engines[engine];
            let found = &state.containers[index];
            if !next && !found.is_up() {
                let code = found.exit_code;
                return Ok(Box::pin(async move { Ok(code) }) as BoxFuture<'static, _>);
            }
            let id = found.id.clone();
            let mut events = state.subscribers.add();
            Ok(Box::pin(async move {
                while let Some(event) = events.next().await {
                    let event = event?;
                    if event.id == id && event.action == "die" {
                        let code = event.attributes.get("exitCode").and_then(|code| code.parse().ok());
                        return Ok(code.unwrap_or_default());
                    }
                }
                Err(refuse(op, &id, FailureKind::Unreachable, "the engine has gone".to_owned()))
            }) as BoxFuture<'static, _>)
        }))
    }

    fn top<'a>(&'a self, container: &'a str, _arguments: Option<&'a str>) -> Call<'a, ProcessTable> {
        let op = "list processes";
        Box::pin(call(&self.world, &self.place, op, container, move |world, engine| {
            let index = world.find_for(engine, op, container)?;
            let found = &world.engines[engine].containers[index];
            if !found.is_up() {
                let why = format!("container {} is not running", found.id);
                return Err(refuse(op, container, FailureKind::Conflict, why));
            }
            let command = found.spec.command.clone().unwrap_or_default().join(" ");
            Ok(ProcessTable {
                titles: vec!["PID".to_owned(), "CMD".to_owned()],
                rows: vec![vec![found.detail().pid.to_string(), command]],
            })
        }))
    }

    fn usage<'a>(
        &'a self,
        container: &'a str,
        follow: bool,
    ) -> Call<'a, BoxStream<'static, Result<Usage, EngineError>>> {
        let op = "read figures";
        Box::pin(call(&self.world, &self.place, op, container, move |world, engine| {
            let index = world.find_for(engine, op, container)?;
            let is_up = world.engines[engine].containers[index].is_up();
            let limit = world.engines[engine].facts.memory;
            let usage = if is_up {
                Usage {
                    cpu_percent: 1.0,
                    memory: 1 << 20,
                    memory_limit: limit,
                    processes: 1,
                    ..Usage::default()
                }
            } else {
                Usage::default()
            };
            let one = stream::iter([Ok(usage)]);
            // A container that runs goes on to tell; nothing changes here.
            Ok(if follow && is_up { one.chain(stream::pending()).boxed() } else { one.boxed() })
        }))
    }

    fn history<'a>(
        &'a self,
        span: &'a Span,
    ) -> Call<'a, BoxStream<'static, Result<EngineEvent, EngineError>>> {
        Box::pin(call(&self.world, &self.place, "read events", "", move |world, engine| {
            let now = world.now;
            let moment = |text: &Option<String>| text.as_deref().and_then(|text| clock::parse(text, now));
            let (since, until) = (moment(&span.since).unwrap_or(now), moment(&span.until));
            let state = &mut world.engines[engine];
            let within = |event: &&EngineEvent| {
                let at = event.time / 1_000_000_000;
                since <= at && until.is_none_or(|until| at <= until)
            };
            let past: Vec<_> = state.past.iter().filter(within).cloned().map(Ok).collect();
            let past = stream::iter(if span.since.is_some() { past } else { Vec::new() });
            Ok(match until {
                Some(_) => past.boxed(),
                None => past.chain(state.subscribers.add()).boxed(),
            })
        }))
    }

    fn sees<'a>(&'a self, path: &'a str) -> Call<'a, bool> {
        let work = move |world: &mut super::world::World, engine: usize| Ok(world.engines[engine].sees(path));
        Box::pin(call(&self.world, &self.place, "look for path", path, work))
    }

    fn inside(self: Arc<Self>, container: &str, dial: &Dial) -> Arc<dyn Engine> {
        match dial {
            Dial::Parent { .. } => self,
            Dial::Exec { .. } => {
                let mut place = self.place.0.clone();
                place.push(container.to_owned());
                Arc::new(FakeEngine { world: Arc::clone(&self.world), place: Place(place) })
            }
        }
    }
}
