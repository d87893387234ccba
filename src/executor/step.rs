//! One action → calls of the engine. Says how it went; never prints, never decides.

use crate::engine::engine::{Change, Create, Remove};
use crate::engine::error::EngineError;
use crate::plan::action::Action;
use crate::transfer;

use super::enter::{enter, look_again};
use super::step_context::{Broken, Gain, StepContext};
use super::wait::wait;
use make::make;

mod build;
mod create_container;
mod fill_volume;
mod hook;
mod make;
mod thaw;

/// Carries the step out. Waits and streams end at once when the run is broken off; short calls are finished,
/// so that nothing is left of which nobody knows whether it was done.
pub(super) async fn carry_out(context: &StepContext) -> Result<Gain, Broken> {
    let gain = do_it(context).await;
    let brings = matches!(
        context.step.action,
        Action::Pull { .. } | Action::Build(_) | Action::Copy { .. } | Action::Look
    );
    if brings {
        context.link.forget_images();
    }
    gain
}

async fn do_it(context: &StepContext) -> Result<Gain, Broken> {
    match &context.step.action {
        Action::Join => Ok(Gain::Nothing),
        Action::Wait { container, stage, timeout } => {
            let waited = wait(context, container, *stage, *timeout);
            context.unless_cancelled(waited).await.map(|()| Gain::Nothing)
        }
        Action::Enter(of) => {
            let entered = context.unless_cancelled(enter(context, of)).await?;
            Ok(Gain::Entered(Box::new(entered)))
        }
        Action::Look => {
            let _place = context.permit(&context.link.permits).await?;
            let looked =
                context.patiently(|| look_again(context)).await.map_err(|error| context.failed(&error))?;
            Ok(Gain::Entered(Box::new(looked)))
        }
        Action::Pull { image, platform } => {
            let _place = context.permit(&context.pulls).await?;
            let pull = async {
                let pull = || context.engine().pull(image, platform.as_deref(), context.progress());
                context.patiently(pull).await.map_err(|error| context.failed(&error))
            };
            context.unless_cancelled(pull).await.map(|()| Gain::Nothing)
        }
        Action::Push { image } => {
            let _place = context.permit(&context.pulls).await?;
            let push = async {
                let push = || context.engine().push(image, context.progress());
                context.patiently(push).await.map_err(|error| context.failed(&error))
            };
            context.unless_cancelled(push).await.map(|()| Gain::Nothing)
        }
        Action::Build(order) => build::build(context, order).await,
        Action::Copy { image, .. } => copy(context, image).await,
        Action::PutTree { container, from, to } => {
            let _place = context.permit(&context.link.permits).await?;
            let put = async {
                let put =
                    || transfer::files::put_tree(context.engine(), container, &*context.files, from, to);
                context.patiently(put).await.map_err(|error| context.failed(&error))
            };
            context.unless_cancelled(put).await.map(|()| Gain::Nothing)
        }
        Action::Hook { container, point, hook } => {
            let run = hook::run(context, container, *point, hook);
            context.unless_cancelled(run).await.map(|()| Gain::Nothing)
        }
        call => {
            let _place = context.permit(&context.link.permits).await?;
            context.patiently(|| short_call(context, call)).await.map_err(|error| context.failed(&error))?;
            Ok(Gain::Nothing)
        }
    }
}

/// Brings an image from the source's engine to this one. Takes a place on the source first: copies go
/// downwards only, so two of them never wait for each other.
async fn copy(context: &StepContext, image: &str) -> Result<Gain, Broken> {
    let Some(source) = &context.source else {
        let reason = "the engine that has the image was not reached".to_owned();
        return Err(super::failure::no_engine(&context.step, reason).into());
    };
    let _from = context.permit(&source.permits).await?;
    let _to = context.permit(&context.link.permits).await?;
    let copy = async {
        let copy = || transfer::image::copy(&*source.engine, context.engine(), image, context.progress());
        context.patiently(copy).await.map_err(|error| context.failed(&error))
    };
    context.unless_cancelled(copy).await?;
    Ok(Gain::Nothing)
}

/// The actions that are a call, or a few short ones.
async fn short_call(context: &StepContext, action: &Action) -> Result<(), EngineError> {
    let engine = context.engine();
    match action {
        Action::CreateNetwork { name, spec, labels } => {
            let spec = (**spec).clone();
            make(engine, &Create::Network { name: name.clone(), spec, labels: labels.clone() }).await
        }
        Action::CreateVolume { name, spec, labels } => {
            let spec = (**spec).clone();
            make(engine, &Create::Volume { name: name.clone(), spec, labels: labels.clone() }).await
        }
        Action::CreateContainer(container) => create_container::create_container(context, container).await,
        Action::PutFiles { container, files } => transfer::files::put_files(engine, container, files).await,
        Action::FillVolume(fill) => fill_volume::fill_volume(context, fill).await,
        Action::Connect { container, network, endpoint } => {
            let endpoint = (**endpoint).clone();
            let change = Change::Connect { network: network.clone(), endpoint };
            match engine.act(container, &change).await {
                Err(error) if is_connected(&error) => Ok(()),
                connected => connected,
            }
        }
        Action::Disconnect { container, network } => {
            engine.act(container, &Change::Disconnect { network: network.clone() }).await
        }
        Action::Start { container } => engine.act(container, &Change::Start).await,
        Action::Stop { container, grace } => engine.act(container, &Change::Stop(*grace)).await,
        Action::Kill { container, signal } => engine.act(container, &Change::Kill(signal.clone())).await,
        Action::Pause { container } => engine.act(container, &Change::Pause).await,
        Action::Thaw { helper } => thaw::thaw(context, helper).await,
        Action::Unpause { container } => engine.act(container, &Change::Unpause).await,
        Action::Rename { container, name } => engine.act(container, &Change::Rename(name.clone())).await,
        Action::Remove { container, volumes } => {
            engine.remove(&Remove::Container { container: container.clone(), volumes: *volumes }).await
        }
        Action::RemoveNetwork { network } => engine.remove(&Remove::Network(network.clone())).await,
        Action::RemoveVolume { volume } => engine.remove(&Remove::Volume(volume.clone())).await,
        Action::RemoveImage { image } => engine.remove(&Remove::Image(image.clone())).await,
        Action::Join
        | Action::Hook { .. }
        | Action::Wait { .. }
        | Action::Enter(_)
        | Action::Look
        | Action::Pull { .. }
        | Action::Push { .. }
        | Action::Build(_)
        | Action::Copy { .. }
        | Action::PutTree { .. } => Ok(()),
    }
}

/// Whether a container was not connected because it is: a run that was killed between two steps has done it, and
/// the container is as the plan wants it. Docker's words (libnetwork, `CreateEndpoint`), then podman's.
fn is_connected(error: &EngineError) -> bool {
    let said = |words: &str| error.to_failure().causes.iter().any(|cause| cause.contains(words));
    said("already exists in network") || said("already connected to network")
}
