//! Networks and volumes that the file describes otherwise than they were made.
//!
//! A network is made anew, with the containers in it, as in Compose. An engine has one network of a name, so all that is
//! in it is stopped first: here, and here alone, a container stops before its replacement is there. A volume holds data
//! and is never made anew.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::{Addr, LayerPath};
use crate::model::label::{self, Labels};
use crate::model::milestone::{Milestone, Stage};
use crate::model::observed::{ObservedContainer, ObservedNetwork};
use crate::model::topology::Layer;

use super::action::Action;
use super::asked::changes;
use super::builder::{Draft, after_end};
use super::cause::Cause;
use super::field::{Field, Fields};
use super::objects::{Renewal, described};
use super::ours::is_ours;
use super::quiesce;
use super::step::{Group, Need, Resource};
use super::up::Planner;

impl<'a> Planner<'a> {
    /// Takes the networks of a layer away that are to be made anew, after what is in them has stopped.
    pub(super) fn renew_networks(&mut self, path: &LayerPath, layer: &Layer) {
        let known = self.known;
        let seen = known.seen(path).map(|seen| seen.networks.as_slice()).unwrap_or_default();
        for (key, def) in layer.networks.iter().filter(|(_, def)| !def.external) {
            let name = self.world.network_name(path, key);
            let Some(found) = seen.iter().find(|network| network.name == name) else { continue };
            let described = described(|canonical| canonical.network(&def.spec));
            let Some(fields) = self.described_otherwise(path, &found.labels, &described) else { continue };
            let attached = self.attached(path, found);
            if attached.is_empty() && !layer.services.values().any(|it| it.spec.networks.contains_key(key)) {
                continue;
            }
            if let Some(problem) = self.keeps_network(path, key, &fields, &attached) {
                self.problem(problem, def.span);
                continue;
            }
            let ours: Vec<(Addr, &ObservedContainer)> =
                attached.into_iter().filter_map(|(addr, container)| Some((addr?, container))).collect();
            let stops =
                self.stop_ahead(ours, &[], &Cause::NetworkRenewed(key.clone()), Group::Recreate, None);
            let cause = Cause::Changed(fields);
            let of = Resource::Network(path.clone(), name.clone());
            let home = self.world.home(path);
            let draft = Draft { layer: home.clone(), of, cause: cause.clone(), group: None };
            let action = Action::RemoveNetwork { network: found.id.clone() };
            let removed = self.builder.push(draft, action, stops);
            self.objects.renewed.insert((home, name), Renewal { removed, cause });
        }
    }

    /// What has changed, where an object was made by this lab and otherwise than it would be now.
    fn described_otherwise(&self, path: &LayerPath, before: &Labels, now: &Labels) -> Option<Vec<Field>> {
        let made = before.get(label::FINGERPRINT)?;
        let topology = self.world.topology;
        if !is_ours(before, &topology.project, &self.known.root_id)
            || now.get(label::FINGERPRINT) == Some(made)
        {
            return None;
        }
        let text = |labels: &Labels| labels.get(label::ASKED).cloned();
        let fields = text(before).zip(text(now)).map(|(before, now)| {
            changes(&before, &now, self.world.project(path).as_str(), &topology.directory)
        });
        Some(fields.unwrap_or_default())
    }

    /// The containers in a network, with their addresses where they are services of the lab.
    fn attached(
        &self,
        path: &LayerPath,
        network: &ObservedNetwork,
    ) -> Vec<(Option<Addr>, &'a ObservedContainer)> {
        let seen = self.known.seen(path).map(|seen| seen.containers.as_slice()).unwrap_or_default();
        let inside = seen.iter().filter(|container| {
            container
                .networks
                .get(&network.name)
                .is_some_and(|it| it.network.is_empty() || it.network == network.id)
        });
        let addr = |container: &ObservedContainer| {
            let mut all = self.existing.iter();
            all.find(|(_, list)| list.iter().any(|it| it.id == container.id)).map(|(addr, _)| addr.clone())
        };
        inside.map(|container| (addr(container), container)).collect()
    }

    /// Why a network stays as it is, where it has to.
    fn keeps_network(
        &self,
        path: &LayerPath,
        key: &str,
        fields: &[Field],
        attached: &[(Option<Addr>, &ObservedContainer)],
    ) -> Option<Diagnostic> {
        let name = self.world.network_name(path, key);
        let what = match fields {
            [] => format!("network `{name}` was made otherwise than the file now says"),
            _ => format!("network `{name}` was made otherwise than the file now says ({})", Fields(fields)),
        };
        let keeps =
            |why: String| Diagnostic::warning(Code::Unused, format!("{what}, and stays as it is: {why}"));
        if self.up.way.no_recreate {
            return Some(keeps("nothing is to be made anew".to_owned()));
        }
        for (addr, container) in attached {
            let Some(addr) = addr else {
                if !quiesce::is_running(container) {
                    continue;
                }
                let who = &container.name;
                return Some(
                    keeps(format!("container `{who}`, which is no service of this lab, is in it")).help(
                        format!("`docker network disconnect {name} {who}`, then bring the lab up again"),
                    ),
                );
            };
            let started = Milestone::Service(addr.clone(), Stage::Started);
            // Further in on this engine: planned after this layer, or once its node has been entered.
            let layer = addr.layer();
            let comes = self.scope.contains(&layer) || !self.known.layers.contains_key(&layer);
            let goes = self.builder.removes(&container.id) || (comes && self.takes_away(addr));
            let is_gone = !self.world.topology.has(addr) && goes;
            let is_planned = self.wanted.contains(&started) && comes;
            if !is_gone && !is_planned {
                return Some(
                    keeps(format!("`{addr}` is in it, and is not to be touched"))
                        .help("bring the whole lab up, and remove what is not in the file any more"),
                );
            }
        }
        None
    }

    /// Says which volumes of a layer were made otherwise than the file says: they are used as they are.
    pub(super) fn check_volumes(&mut self, path: &LayerPath, layer: &Layer) {
        let known = self.known;
        let seen = known.seen(path).map(|seen| seen.volumes.as_slice()).unwrap_or_default();
        for (key, def) in layer.volumes.iter().filter(|(_, def)| !def.external) {
            let name = self.world.volume_name(path, key);
            let Some(found) = seen.iter().find(|volume| volume.name == name) else { continue };
            let described = described(|canonical| canonical.volume(&def.spec));
            let Some(fields) = self.described_otherwise(path, &found.labels, &described) else { continue };
            let message = format!(
                "volume `{name}` was made otherwise than the file now says ({}), and stays as it is: its data would be \
                 lost",
                Fields(&fields)
            );
            let engine = if path.is_root() { String::new() } else { format!(" on the engine of `{path}`") };
            let problem = Diagnostic::warning(Code::Unused, message).help(format!(
                "to have it made anew, remove its containers and then `docker volume rm {name}`{engine}"
            ));
            self.problem(problem, def.span);
        }
    }

    /// Stops containers, once `first` is met, before what they are stopped for, users first; for each is remembered that
    /// it stops, and because of what: `because`, or itself. The needs of whatever waits for that.
    pub(super) fn stop_ahead(
        &mut self,
        mut containers: Vec<(Addr, &'a ObservedContainer)>,
        first: &[Need],
        cause: &Cause,
        group: Group,
        because: Option<&Addr>,
    ) -> Vec<Need> {
        containers.retain(|(_, container)| quiesce::is_running(container));
        let all: Vec<_> = containers.iter().map(|(addr, container)| (addr, *container)).collect();
        let mut needs = Vec::new();
        for (addr, container) in quiesce::users_first(&all) {
            if let Some(step) = self.builder.stop_of(&container.id) {
                needs.push(after_end(step));
                continue;
            }
            let users =
                all.iter().filter(|(other, found)| *other != addr && quiesce::uses(other, found, addr));
            let users = users.filter_map(|(_, found)| Some(after_end(self.builder.stop_of(&found.id)?)));
            let mut before: Vec<Need> = first.iter().cloned().chain(users).collect();
            if container.labels.contains_key(label::KIND) {
                before.extend(quiesce::stop_inside(&mut self.builder, self.known, &self.existing, addr));
                self.leaving.push(addr.inner());
            }
            let (layer, grace) = (self.seen_on(addr), self.up.way.grace);
            let builder = &mut self.builder;
            let stop = quiesce::stop_within(builder, &layer, addr, container, cause, group, before, grace);
            if let super::step::On::Step(step) = stop.on {
                self.stopped.insert(container.id.clone(), (step, because.unwrap_or(addr).clone()));
                needs.push(after_end(step));
            }
        }
        needs
    }
}
