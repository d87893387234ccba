//! Checked names. A value of one of these types is a name that every engine accepts.

use std::fmt;
use std::sync::Arc;

/// Why a text is not a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadName {
    /// The text that was offered.
    pub text: String,
    /// What a name of this type looks like, as a sentence fragment.
    pub rule: &'static str,
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a valid name: {}", self.text, self.rule)
    }
}

impl std::error::Error for BadName {}

/// A Compose project name: lower-case letters, digits, `-` and `_`, starting with a letter or digit
/// (Compose specification, "Name top-level element").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectName(String);

impl ProjectName {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`BadName`] when `text` breaks the rule above.
    pub fn new(text: &str) -> Result<Self, BadName> {
        let ok = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
        if ok { Ok(Self(text.to_owned())) } else { Err(BadName { text: text.to_owned(), rule: Self::RULE }) }
    }

    /// What a project name looks like.
    pub const RULE: &'static str =
        "it holds lower-case letters, digits, `-` and `_`, and starts with a letter or a digit";

    /// Makes a name of any text as Compose does for a directory name: lower case, other characters dropped.
    /// `None` when nothing is left.
    pub fn normalize(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let kept: String = lower
            .chars()
            .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-' || *c == '_')
            .collect();
        Self::new(kept.trim_start_matches(['-', '_'])).ok()
    }

    /// The name of the layer inside `node`, when its file gives none: `<parent>-<service>[-<number>]`.
    #[must_use]
    pub fn below(&self, service: &ServiceName, number: u32) -> Self {
        let service: String = service
            .as_str()
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' })
            .collect();
        Self(if number == 1 {
            format!("{}-{service}", self.0)
        } else {
            format!("{}-{service}-{number}", self.0)
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A service name: letters, digits, `.`, `_` and `-`, starting with a letter or digit
/// (`services` pattern of the Compose schema; the first character is what an engine takes for a container).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceName(Arc<str>);

impl ServiceName {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`BadName`] when `text` breaks the rule above.
    pub fn new(text: &str) -> Result<Self, BadName> {
        let ok = text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if ok { Ok(Self(text.into())) } else { Err(BadName { text: text.to_owned(), rule: Self::RULE }) }
    }

    /// What a service name looks like.
    pub const RULE: &'static str =
        "it holds letters, digits, `.`, `_` and `-`, and starts with a letter or a digit";

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_names_become_project_names_as_in_compose() {
        assert_eq!(ProjectName::normalize("My Lab.v2").map(|n| n.to_string()), Some("mylabv2".to_owned()));
        assert_eq!(ProjectName::normalize("_x").map(|n| n.to_string()), Some("x".to_owned()));
        assert_eq!(ProjectName::normalize("…"), None);
    }

    #[test]
    fn names_that_an_engine_refuses_are_refused() {
        assert!(ServiceName::new("-web").is_err());
        assert!(ServiceName::new("web/1").is_err());
        assert!(ServiceName::new("Web.1_x-y").is_ok());
        assert!(ProjectName::new("Web").is_err());
    }

    #[test]
    fn replicas_of_a_node_have_their_own_layer_names() {
        let poc = ProjectName::new("poc").expect("valid");
        let vm = ServiceName::new("vm.a").expect("valid");
        assert_eq!(poc.below(&vm, 1).as_str(), "poc-vm_a");
        assert_eq!(poc.below(&vm, 2).as_str(), "poc-vm_a-2");
    }
}
