//! EC2's filters: `*` is any text, `?` is at most one character, `\` takes the next literally.

use crate::element::Fields;
use crate::envelope::Failure;

/// At most this many values in the filters of one call (AWS: "Filtering using the API").
pub(crate) const VALUES_MAX: usize = 200;

/// Stands for `tag:<key>` and `tag-key`.
pub(crate) const TAG_NAME: &str = "tag";

/// A filter that an operation knows.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    /// Where its values are in a row.
    pub(crate) path: &'static str,
    /// The documented values, when there are only these.
    pub(crate) values: &'static [&'static str],
    /// EC2 takes it and does nothing with it.
    pub(crate) ignored: bool,
}

/// A filter of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

impl Filter {
    /// Refuses names that are not `known`, and values outside of a documented closed set.
    pub(crate) fn check(&self, known: &[Known]) -> Result<(), Failure> {
        let invalid = |message: String| Err(Failure::bad("InvalidParameterValue", message));
        let Some(filter) = self.find(known) else {
            return invalid(format!("The filter '{}' is invalid", self.name));
        };
        let possible = |value: &str| filter.values.iter().any(|known| matches(value, known));
        match self.values.iter().find(|value| !filter.values.is_empty() && !possible(value)) {
            Some(value) => invalid(format!("The filter value '{value}' is invalid")),
            None => Ok(()),
        }
    }

    /// Any of the values matches any of the texts that the row has there.
    pub(crate) fn accepts(&self, row: &Fields, prefix: &str, known: &[Known]) -> bool {
        let path = match self.find(known) {
            Some(filter) if filter.ignored => return true,
            Some(filter) => filter.path,
            None => return false,
        };
        let keys = || row.values_under(prefix, "tagSet/item/key");
        let texts = if self.name == "tag-key" {
            keys()
        } else if let Some(key) = self.name.strip_prefix("tag:") {
            let values = row.values_under(prefix, "tagSet/item/value");
            let pairs = keys().into_iter().zip(values);
            pairs.filter(|(known, _)| *known == key).map(|(_, value)| value).collect()
        } else {
            row.values(path)
        };
        texts.iter().any(|text| self.values.iter().any(|pattern| matches(pattern, text)))
    }

    fn find<'a>(&self, known: &'a [Known]) -> Option<&'a Known> {
        let of_tags = self.name == "tag-key" || self.name.strip_prefix("tag:").is_some_and(|key| !key.is_empty());
        let name = if of_tags { TAG_NAME } else { self.name.as_str() };
        known.iter().find(|known| known.name == name && (of_tags || name != TAG_NAME))
    }
}

/// Whether the whole of `text` fits `pattern`. Case counts.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    // The states in which the pattern may be, as a set: no backtracking, whatever the stars.
    let steps = steps(pattern);
    let mut states = vec![false; steps.len() + 1];
    if let Some(first) = states.first_mut() {
        *first = true;
    }
    spread(&steps, &mut states);
    for c in text.chars() {
        let mut next = vec![false; states.len()];
        for (at, step) in steps.iter().enumerate() {
            if states.get(at) != Some(&true) {
                continue;
            }
            let to = match step {
                Step::Any => Some(at),
                Step::AtMostOne => Some(at + 1),
                Step::Literal(literal) => (*literal == c).then_some(at + 1),
            };
            if let Some(state) = to.and_then(|to| next.get_mut(to)) {
                *state = true;
            }
        }
        spread(&steps, &mut next);
        states = next;
    }
    states.last() == Some(&true)
}

#[derive(Debug, PartialEq)]
enum Step {
    Any,
    AtMostOne,
    Literal(char),
}

fn steps(pattern: &str) -> Vec<Step> {
    let mut chars = pattern.chars();
    let mut steps = Vec::new();
    while let Some(c) = chars.next() {
        steps.push(match c {
            '*' => Step::Any,
            '?' => Step::AtMostOne,
            '\\' => Step::Literal(chars.next().unwrap_or('\\')),
            c => Step::Literal(c),
        });
    }
    steps
}

/// A star or a question mark may also stand for nothing.
fn spread(steps: &[Step], states: &mut [bool]) {
    for (at, step) in steps.iter().enumerate() {
        if states.get(at) == Some(&true)
            && !matches!(step, Step::Literal(_))
            && let Some(state) = states.get_mut(at + 1)
        {
            *state = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let fits = [
            ("active", "active"),
            ("", ""),
            ("*", ""),
            ("*", "anything at all"),
            ("act*", "active"),
            ("*i*e", "active"),
            ("**a**", "a"),
            ("a?tive", "active"),
            ("active?", "active"),
            ("????????", "active"),
            ("?*?", ""),
            ("\\*", "*"),
            ("\\?", "?"),
            ("\\\\", "\\"),
            ("a\\ctive", "active"),
            ("\\", "\\"),
            ("💶?", "💶é"),
        ];
        for (pattern, text) in fits {
            assert!(matches(pattern, text), "{pattern} fits {text}");
        }
        let misfits = [
            ("active", "Active"),
            ("active", "inactive"),
            ("act", "active"),
            ("", "x"),
            ("a?tive", "acctive"),
            ("??", "abc"),
            ("\\*", "anything"),
            ("\\?", "a"),
        ];
        for (pattern, text) in misfits {
            assert!(!matches(pattern, text), "{pattern} does not fit {text}");
        }
    }

    #[test]
    fn many_stars_cost_little() {
        let pattern = "*a".repeat(200) + "b";
        assert!(!matches(&pattern, &"a".repeat(5_000)));
    }

    #[test]
    fn names_and_values_must_be_known() {
        let known = [
            Known { name: "task-state", path: "status", values: &["active", "deleted"], ignored: false },
            Known { name: TAG_NAME, path: "", values: &[], ignored: false },
        ];
        let check = |name: &str, value: &str| {
            let filter = Filter { name: name.to_owned(), values: vec![value.to_owned()] };
            filter.check(&known).map_err(|failure| failure.message)
        };
        for (name, value) in [("task-state", "active"), ("task-state", "del*"), ("tag:a b", "x"), ("tag-key", "x")] {
            assert_eq!(check(name, value), Ok(()), "{name} = {value}");
        }
        for name in ["status", "Task-State", "tag", "tag:", "tag-value", ""] {
            assert_eq!(check(name, "active"), Err(format!("The filter '{name}' is invalid")));
        }
        assert_eq!(check("task-state", "pending"), Err("The filter value 'pending' is invalid".to_owned()));
    }
}
