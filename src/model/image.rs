//! Image references.

use std::fmt;

/// An image reference with the defaults of Docker filled in, for comparing: `nginx` is
/// `docker.io/library/nginx:latest` (github.com/distribution/reference, `ParseNormalizedNamed`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef {
    /// Registry host, with its port if one is given.
    pub registry: String,
    /// Repository below the registry.
    pub repository: String,
    /// Tag; `latest` when neither tag nor digest was written.
    pub tag: Option<String>,
    /// `sha256:…`.
    pub digest: Option<String>,
}

impl ImageRef {
    /// Reads a reference. `None` for an empty repository, white space or upper case in the repository.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.to_owned())),
            None => (text, None),
        };
        let (path, tag) = match name.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag.to_owned())),
            _ => (name, None),
        };
        let (registry, repository) = match path.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest.to_owned()),
            Some(_) => ("docker.io", path.to_owned()),
            None => ("docker.io", format!("library/{path}")),
        };
        let word = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
        let ok = word(path)
            && repository.split('/').all(|part| !part.is_empty())
            && !repository.contains(|c: char| c.is_uppercase() || c.is_whitespace())
            && tag.as_deref().is_none_or(word)
            && digest.as_deref().is_none_or(|d| d.contains(':') && word(d));
        let tag = if digest.is_none() { Some(tag.unwrap_or_else(|| "latest".to_owned())) } else { tag };
        ok.then(|| Self { registry: registry.to_owned(), repository, tag, digest })
    }

    /// The tag that a copy of a reference with a digest is given on an inner engine, because no engine keeps the digest
    /// of a loaded image (ENGINES.md 10): `repo:nestctl-<first 12 digits>`. `None` for one without a digest.
    pub fn local_tag(&self) -> Option<String> {
        let digits: String = self.digest.as_deref()?.split_once(':')?.1.chars().take(12).collect();
        let repository = match self.registry.as_str() {
            "docker.io" => self.repository.strip_prefix("library/").unwrap_or(&self.repository).to_owned(),
            registry => format!("{registry}/{}", self.repository),
        };
        Some(format!("{repository}:nestctl-{digits}"))
    }

    /// Whether two texts name the same image.
    pub fn same(a: &str, b: &str) -> bool {
        a == b || matches!((Self::parse(a), Self::parse(b)), (Some(a), Some(b)) if a == b)
    }
}

impl fmt::Display for ImageRef {
    /// The full form, with registry.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_normalised_as_docker_does() {
        let full = |text: &str| ImageRef::parse(text).map(|image| image.to_string());
        assert_eq!(full("nginx").as_deref(), Some("docker.io/library/nginx:latest"));
        assert_eq!(full("a/b:1").as_deref(), Some("docker.io/a/b:1"));
        assert_eq!(full("localhost:5000/x").as_deref(), Some("localhost:5000/x:latest"));
        assert_eq!(full("r.io/x@sha256:ab").as_deref(), Some("r.io/x@sha256:ab"));
        assert_eq!(full(""), None);
        assert_eq!(full("Nginx"), None);
        assert!(ImageRef::same("docker.io/library/busybox:latest", "busybox"));
    }
}
