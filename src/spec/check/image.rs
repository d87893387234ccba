//! Every service has an image, or an engine kind that brings one.

use crate::diag::code::Code;
use crate::kind::kinds::{KINDS, find};
use crate::spec::read::words::enumerate;

use super::lab::Lab;

pub(crate) fn check(lab: &Lab) {
    for (_, layer) in &lab.layers {
        for service in layer.services.values().filter(|service| service.spec.image.is_empty()) {
            if lab.notes.excused.contains(&service.span) {
                continue;
            }
            let place = service.span_of("image");
            match &service.node {
                None => {
                    let message = format!("`{}` has no image", service.name);
                    lab.problems.error(
                        Code::NoImage,
                        place,
                        message,
                        "Add `image`, or `engine` if it is a node.",
                    );
                }
                Some(node) => {
                    // An unknown kind is a problem of its own.
                    let Some(kind) = find(&node.kind.value).filter(|kind| kind.default_image.is_none())
                    else {
                        continue;
                    };
                    let message = format!(
                        "`{}` has no image, and the engine kind `{}` has none of its own",
                        service.name, kind.name
                    );
                    let others =
                        KINDS.iter().filter(|kind| kind.default_image.is_some()).map(|kind| kind.name);
                    let help = format!("Add `image`; kinds with an image are {}.", enumerate(others));
                    lab.problems.error(Code::NoImage, place, message, help);
                }
            }
        }
    }
}
