//! `down --rmi`: images go with the containers that were made of them, on every engine that they passed on their way.
//!
//! Which these are is seen by the containers and by Compose's labels on what was built; the file is not needed. An image
//! that something else still uses stays: that is told, and no failure, as in Compose.

use std::collections::BTreeSet;

use crate::model::addr::{Addr, LayerPath};
use crate::model::label::{self, Labels};
use crate::model::observed::ObservedContainer;

use super::action::Action;
use super::builder::Draft;
use super::cause::Cause;
use super::down::Taking;
use super::goal::Rmi;
use super::images::Images;
use super::ours;
use super::step::Resource;

impl Taking<'_> {
    /// Removes the images of these containers. All else of the plan is there already.
    pub(super) fn images(&mut self, all: &[(&Addr, &ObservedContainer)], scope: &BTreeSet<LayerPath>) {
        let Some(rmi) = self.down.rmi else { return };
        let mut index = Images::default();
        let mut gone: BTreeSet<(LayerPath, String)> = BTreeSet::new();
        for (addr, container) in all {
            let own = self.homes.get(&container.id).cloned().unwrap_or_else(|| addr.layer());
            if rmi == Rmi::All {
                for home in self.way(&own) {
                    let reference = &container.image;
                    // An engine of another plan whose containers use it removes it itself, after them.
                    let is_left_to_it = !scope.contains(&home) && self.uses_image(&home, reference);
                    if index.id(self.known, &home, reference).is_some() && !is_left_to_it {
                        gone.insert((home, reference.clone()));
                    }
                }
            }
        }
        let (projects, makers) = (self.projects(), makers(all));
        let homes = scope.iter().filter_map(|layer| self.known.home(layer)).flat_map(|home| self.way(home));
        for home in homes.collect::<BTreeSet<LayerPath>>() {
            let images = self.known.seen(&home).map(|seen| seen.images.as_slice()).unwrap_or_default();
            let built = images.iter().filter(|image| match self.down.part {
                None => image
                    .labels
                    .get(label::COMPOSE_PROJECT)
                    .is_some_and(|project| projects.contains(project.as_str())),
                Some(_) => maker(&image.labels).is_some_and(|maker| makers.contains(&maker)),
            });
            gone.extend(built.flat_map(|image| image.tags.iter().map(|tag| (home.clone(), tag.clone()))));
        }
        for (home, image) in gone {
            if self.goes_with_volume(&home) {
                continue;
            }
            let needs = self.all_on(&home);
            let of = Resource::Image(home.clone(), image.clone());
            let draft = Draft { layer: home.clone(), of, cause: Cause::Asked, group: None };
            let step = self.builder.push(draft, Action::RemoveImage { image }, needs);
            self.builder.may_fail(step);
            self.on_layer.entry(home).or_default().push(step);
        }
    }

    /// The engines through which an image comes to the engine of `home`: itself, and those around it.
    fn way(&self, home: &LayerPath) -> BTreeSet<LayerPath> {
        home.ancestors().filter_map(|layer| self.known.home(&layer)).cloned().collect()
    }

    fn uses_image(&self, home: &LayerPath, reference: &str) -> bool {
        let found = ours::containers(self.known, &self.down.project);
        found.iter().any(|ours| ours.home == *home && ours.container.image == reference)
    }

    /// What Compose calls the layers of the lab.
    fn projects(&self) -> BTreeSet<&str> {
        let found = ours::containers(self.known, &self.down.project);
        let labels = found.iter().filter_map(|ours| ours.container.labels.get(label::COMPOSE_PROJECT));
        labels.map(String::as_str).chain([self.down.project.as_str()]).collect()
    }
}

/// The project and the service by which Compose marks what is built, and the containers of it.
fn maker(labels: &Labels) -> Option<(&str, &str)> {
    Some((labels.get(label::COMPOSE_PROJECT)?, labels.get(label::COMPOSE_SERVICE)?))
}

fn makers<'a>(all: &[(&Addr, &'a ObservedContainer)]) -> BTreeSet<(&'a str, &'a str)> {
    all.iter().filter_map(|(_, container)| maker(&container.labels)).collect()
}
