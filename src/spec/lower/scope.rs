//! What a layer inherits from where it stands.

use std::path::Path;
use std::rc::Rc;

use crate::model::addr::LayerPath;
use crate::spec::files::Vars;

/// The variable that gives it.
pub(super) const DEFAULT_PLATFORM: &str = "DOCKER_DEFAULT_PLATFORM";

/// The surroundings of a layer.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// Its path, with every replica taken as the first.
    pub(crate) path: LayerPath,
    /// Directory that its relative paths start from, unless they come from a file with another one.
    pub(crate) base: Rc<Path>,
    /// Variables for `${}` and for `KEY` without a value.
    pub(crate) vars: Rc<Vars>,
}

impl Scope {
    /// The platform of what names none (docker/compose `cmd/compose/options.go`, `applyPlatforms`).
    pub(crate) fn default_platform(&self) -> Option<&String> {
        self.vars.get(DEFAULT_PLATFORM).filter(|platform| !platform.is_empty())
    }
}
