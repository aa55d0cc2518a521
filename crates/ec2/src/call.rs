/// One operation in one region, as it goes on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Call {
    /// The operation's name, such as `DescribeImages`.
    pub operation: String,
    /// The region to ask.
    pub region: String,
    /// Flat wire names and values, in order. `Action` and `Version` are not among them.
    pub parameters: Vec<(String, String)>,
}

/// The version of the API that every request names.
pub(crate) const API_VERSION: &str = "2016-11-15";

/// The form body of a call. Only unreserved characters stay as they are (RFC 3986); a space is `%20`, because not every
/// endpoint reads `+` as one.
pub fn encode(call: &Call) -> String {
    encode_with(call, None)
}

/// The same with the token of a later page, byte for byte as EC2 gave it.
pub(crate) fn encode_with(call: &Call, next_token: Option<&str>) -> String {
    let mut body = String::with_capacity(256);
    let own = [("Action", call.operation.as_str()), ("Version", API_VERSION)];
    let given = call.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in own.into_iter().chain(given).chain(next_token.map(|token| ("NextToken", token))) {
        if !body.is_empty() {
            body.push('&');
        }
        escape_into(&mut body, name);
        body.push('=');
        escape_into(&mut body, value);
    }
    body
}

fn escape_into(body: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |half: u8| HEX.get(usize::from(half)).map_or('0', |digit| char::from(*digit));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            body.push(char::from(byte));
        } else {
            body.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// How lists and filters are written as flat parameters.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html>
pub mod parameters {
    /// `Name.1`, `Name.2` and so on. An empty list writes nothing, which EC2 reads as "no restriction": a caller that
    /// means "none" must not send the call.
    pub fn list<S: AsRef<str>>(name: &str, values: &[S]) -> Vec<(String, String)> {
        let numbered = values.iter().enumerate();
        numbered.map(|(at, value)| (format!("{name}.{}", at + 1), value.as_ref().to_owned())).collect()
    }

    /// The `n`th filter (from 1) under the operation's own prefix, which is `Filter` or `Filters`. The values are
    /// patterns: see [`literal`].
    pub fn filter<S: AsRef<str>>(prefix: &str, n: usize, name: &str, values: &[S]) -> Vec<(String, String)> {
        let mut flat = vec![(format!("{prefix}.{n}.Name"), name.to_owned())];
        flat.extend(list(&format!("{prefix}.{n}.Value"), values));
        flat
    }

    /// A filter value that matches exactly `text`: in filters `*` and `?` are wildcards and `\` takes their meaning.
    ///
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html>
    pub fn literal(text: &str) -> String {
        let mut pattern = String::with_capacity(text.len());
        for character in text.chars() {
            if matches!(character, '\\' | '*' | '?') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parameters: Vec<(String, String)>, expected: &str) {
        let call = Call { operation: "DescribeX".to_owned(), region: "us-east-1".to_owned(), parameters };
        assert_eq!(encode(&call), format!("Action=DescribeX&Version=2016-11-15{expected}"));
    }

    #[test]
    fn values_cannot_become_parameters() {
        let one = |value: &str| vec![("A.1".to_owned(), value.to_owned())];
        check(Vec::new(), "");
        check(one("x y+z"), "&A.1=x%20y%2Bz");
        check(one("&Action=TerminateInstances\n"), "&A.1=%26Action%3DTerminateInstances%0A");
        check(one("-._~*%"), "&A.1=-._~%2A%25");
        check(one("é€"), "&A.1=%C3%A9%E2%82%AC");
        check(one(""), "&A.1=");
    }

    #[test]
    fn lists_and_filters_are_flat_and_numbered_from_one() {
        check(parameters::list("ImportTaskId", &["a", "b"]), "&ImportTaskId.1=a&ImportTaskId.2=b");
        check(parameters::list::<&str>("ImportTaskId", &[]), "");
        check(
            parameters::filter("Filters", 2, "task-state", &["active", "deleted"]),
            "&Filters.2.Name=task-state&Filters.2.Value.1=active&Filters.2.Value.2=deleted",
        );
    }

    #[test]
    fn a_literal_has_no_wildcards() {
        assert_eq!(parameters::literal(r"a*b?c\d"), r"a\*b\?c\\d");
        assert_eq!(parameters::literal("plain"), "plain");
    }
}
