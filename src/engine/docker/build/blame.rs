//! Where in the Dockerfile a build failed: BuildKit puts it into the details of the call's verdict (`solver/errdefs`).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hyper::http::HeaderMap;
use prost::Message;
use serde::Deserialize;

/// gRPC's own key for more than a code and a text.
const DETAILS: &str = "grpc-status-details-bin";
/// The name by which BuildKit marks the one that is wanted (`solver/errdefs/vertex.go`).
const SOURCE: &str = "errdefs.Source+json";
/// Binary metadata comes with padding or without (gRPC `PROTOCOL-HTTP2.md`).
const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// `google.rpc.Status`, of which the code and the text are known already.
#[derive(Clone, PartialEq, prost::Message)]
struct Details {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Deserialize)]
struct Source {
    info: Info,
    #[serde(default)]
    ranges: Vec<Range>,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    filename: String,
}

#[derive(Deserialize)]
struct Range {
    start: Position,
}

#[derive(Deserialize)]
struct Position {
    #[serde(default)]
    line: u32,
}

/// `Dockerfile:3`, where the verdict says it.
pub(super) fn place(headers: &HeaderMap) -> Option<String> {
    let bytes = ANY_PADDING.decode(headers.get(DETAILS)?.as_bytes()).ok()?;
    let details = Details::decode(bytes.as_slice()).ok()?.details;
    // The innermost comes last: the instruction, not the one that used it.
    let source = details.iter().rev().find(|it| it.kind.ends_with(SOURCE))?;
    let source: Source = serde_json::from_slice(&source.value).ok()?;
    let line = source.ranges.iter().map(|range| range.start.line).min().filter(|line| *line > 0)?;
    (!source.info.filename.is_empty()).then(|| format!("{}:{line}", source.info.filename))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(kind: &str, json: &str) -> HeaderMap {
        let any = Any { kind: format!("github.com/moby/buildkit/{kind}"), value: json.as_bytes().to_vec() };
        let bytes = Details { details: vec![any] }.encode_to_vec();
        let text = base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes);
        HeaderMap::from_iter([(DETAILS.parse().expect("a name"), text.parse().expect("a value"))])
    }

    #[test]
    fn the_line_is_that_of_the_first_range() {
        let json = r#"{"info":{"filename":"docker/App","data":"RlJPTSBh"},
            "ranges":[{"start":{"line":4},"end":{"line":5}},{"start":{"line":3},"end":{"line":3}}]}"#;
        assert_eq!(place(&verdict(SOURCE, json)).as_deref(), Some("docker/App:3"));
    }

    #[test]
    fn no_place_where_none_is_told() {
        assert_eq!(place(&HeaderMap::new()), None);
        assert_eq!(place(&verdict("errdefs.Vertex+json", "{}")), None);
        assert_eq!(place(&verdict(SOURCE, r#"{"info":{"filename":"Dockerfile"}}"#)), None);
        assert_eq!(place(&verdict(SOURCE, "no JSON")), None);
    }
}
