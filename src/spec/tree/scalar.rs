//! What a plain scalar means: as Compose's YAML reader decides (gopkg.in/yaml.v3 `resolve.go`).

use super::node::Scalar;

/// A scalar with its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resolved<'a> {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number, also `0o17`, `017`, `0x1f`, `0b1`, `1_000`.
    Whole(i64),
    /// A whole number beyond those, as Go's YAML takes them.
    Large(u64),
    /// Any other number.
    Number(f64),
    /// Text.
    Text(&'a str),
}

impl Scalar {
    /// Whether it is nothing.
    pub(crate) fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Its type and value.
    pub(crate) fn resolve(&self) -> Resolved<'_> {
        if self.is_null() {
            return Resolved::Null;
        }
        let text = self.text.as_str();
        if !self.plain {
            return Resolved::Text(text);
        }
        match text {
            "true" | "True" | "TRUE" => return Resolved::Bool(true),
            "false" | "False" | "FALSE" => return Resolved::Bool(false),
            ".inf" | ".Inf" | ".INF" | "+.inf" => return Resolved::Number(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => return Resolved::Number(f64::NEG_INFINITY),
            ".nan" | ".NaN" | ".NAN" => return Resolved::Number(f64::NAN),
            _ => {}
        }
        if let Some(whole) = integer(text) {
            if let Ok(whole) = i64::try_from(whole) {
                return Resolved::Whole(whole);
            }
            if let Ok(large) = u64::try_from(whole) {
                return Resolved::Large(large);
            }
        }
        number(text).map_or(Resolved::Text(text), Resolved::Number)
    }
}

/// A whole number in any of the notations that Compose takes.
pub(crate) fn whole(text: &str) -> Option<i64> {
    i64::try_from(integer(text)?).ok()
}

fn integer(text: &str) -> Option<i128> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') || text.len() > 40 {
        return None;
    }
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0') {
        let magnitude: i128 = digits.parse().ok()?;
        return Some(if negative { -magnitude } else { magnitude });
    }
    let digits = digits.replace('_', "");
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = i128::from_str_radix(digits, radix).ok()?;
    Some(if negative { -magnitude } else { magnitude })
}

/// A number with a fraction or an exponent.
fn number(text: &str) -> Option<f64> {
    let digits = text.trim_start_matches(['-', '+']);
    let ok = text.len() - digits.len() <= 1
        && digits.contains(|c: char| c.is_ascii_digit())
        && digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+' | '_'));
    if ok { text.replace('_', "").parse().ok() } else { None }
}

/// A number as Go prints it: what Compose makes of a number where text is wanted.
pub(crate) fn go_number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let exponential = format!("{value:e}");
    let (mantissa, exponent) = exponential.split_once('e').unwrap_or((&exponential, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..21).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar {
        Scalar { text: text.into(), plain: true, refused: false }
    }

    #[test]
    fn plain_scalars_resolve_as_in_compose() {
        assert_eq!(plain("0440").resolve(), Resolved::Whole(0o440));
        assert_eq!(plain("0o440").resolve(), Resolved::Whole(0o440));
        assert_eq!(plain("12345678901234567890").resolve(), Resolved::Large(12_345_678_901_234_567_890));
        assert_eq!(plain("123456789012345678901").resolve(), Resolved::Number(123_456_789_012_345_680_000.0));
        assert_eq!(plain("0x1F").resolve(), Resolved::Whole(31));
        assert_eq!(plain("-12").resolve(), Resolved::Whole(-12));
        assert_eq!(plain("22:22").resolve(), Resolved::Text("22:22"));
        assert_eq!(plain("yes").resolve(), Resolved::Text("yes"));
        assert_eq!(plain("1.10").resolve(), Resolved::Number(1.1));
        assert_eq!(plain("1.2.3").resolve(), Resolved::Text("1.2.3"));
        assert_eq!(plain("-").resolve(), Resolved::Text("-"));
        assert_eq!(plain("089").resolve(), Resolved::Number(89.0));
        assert_eq!(plain("~").resolve(), Resolved::Null);
        assert_eq!(Scalar { text: "".into(), plain: false, refused: false }.resolve(), Resolved::Text(""));
    }

    #[test]
    fn numbers_print_as_go_prints_them() {
        assert_eq!(go_number(1.10), "1.1");
        assert_eq!(go_number(1e21), "1e+21");
        assert_eq!(go_number(1e-7), "1e-07");
        assert_eq!(go_number(1e6), "1000000");
    }
}
