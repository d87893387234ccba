//! What a layer inherits from where it stands.

use std::path::PathBuf;
use std::rc::Rc;

use crate::model::addr::LayerPath;
use crate::model::span::Span;
use crate::spec::files::Vars;

/// The surroundings of a layer.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// Its path, with every replica taken as the first.
    pub(crate) path: LayerPath,
    /// Directory that its relative paths start from.
    pub(crate) base: PathBuf,
    /// Variables for `${}` and for `KEY` without a value.
    pub(crate) vars: Rc<Vars>,
    /// Files around it, outermost first, and where each is named.
    pub(crate) chain: Vec<(PathBuf, Option<Span>)>,
}
