//! The form body of a request, decoded and checked against what an operation takes.

use std::collections::BTreeMap;

use crate::envelope::{Failure, VERSION};
use crate::filter::{Filter, VALUES_MAX};
use crate::operations::Operation;

/// AWS advises against more ids than this in one call; here they are refused.
const LIST_MAX: usize = 1_000;

/// A request's parameters, understood.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) single: BTreeMap<String, String>,
    pub(crate) lists: BTreeMap<String, Vec<String>>,
    pub(crate) filters: Vec<Filter>,
}

impl Query {
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.single.get(name).is_some_and(|value| value == "true")
    }

    pub(crate) fn list(&self, name: &str) -> &[String] {
        self.lists.get(name).map_or(&[], Vec::as_slice)
    }

    /// Sorts `parameters` into what `operation` takes. Anything else is refused.
    pub(crate) fn read(operation: &Operation, parameters: &[(String, String)]) -> Result<Self, Failure> {
        let mut query = Self::default();
        let mut lists: BTreeMap<&str, BTreeMap<usize, String>> = BTreeMap::new();
        let mut names: BTreeMap<usize, String> = BTreeMap::new();
        let mut values: BTreeMap<usize, BTreeMap<usize, String>> = BTreeMap::new();
        for (name, value) in parameters {
            match name.split('.').collect::<Vec<_>>().as_slice() {
                ["Action" | "Version"] => {}
                [single] if operation.takes(single) => {
                    check_single(single, value)?;
                    query.single.insert((*single).to_owned(), value.clone());
                }
                [list, n] if operation.takes_list(list) => {
                    lists.entry(list).or_default().insert(index(n, name)?, value.clone());
                }
                [filter, n, "Name"] if operation.filter_parameter == Some(*filter) => {
                    names.insert(index(n, name)?, value.clone());
                }
                [filter, n, "Value", m] if operation.filter_parameter == Some(*filter) => {
                    values.entry(index(n, name)?).or_default().insert(index(m, name)?, value.clone());
                }
                _ => return Err(unknown(name)),
            }
        }
        for (name, items) in lists {
            query.lists.insert(name.to_owned(), items.into_values().collect());
        }
        query.filters = filters(operation, names, values)?;
        query.check(operation)?;
        Ok(query)
    }

    fn check(&self, operation: &Operation) -> Result<(), Failure> {
        if self.lists.values().any(|list| list.len() > LIST_MAX) {
            let message = format!("The maximum number of ids in a call is {LIST_MAX}");
            return Err(Failure::bad("InvalidParameterValue", message));
        }
        if self.filters.iter().map(|filter| filter.values.len()).sum::<usize>() > VALUES_MAX {
            let message = format!("The maximum number of filter values specified on a single call is {VALUES_MAX}");
            return Err(Failure::bad("FilterLimitExceeded", message));
        }
        self.filters.iter().try_for_each(|filter| filter.check(operation.filters))
    }
}

fn filters(
    operation: &Operation,
    names: BTreeMap<usize, String>,
    mut values: BTreeMap<usize, BTreeMap<usize, String>>,
) -> Result<Vec<Filter>, Failure> {
    let parameter = operation.filter_parameter.unwrap_or("Filter");
    let missing = |n: usize, what: &str| {
        let message = format!("The request must contain the parameter {parameter}.{n}.{what}");
        Failure::bad("MissingParameter", message)
    };
    let mut filters = Vec::new();
    for (n, name) in names {
        let values = values.remove(&n).ok_or_else(|| missing(n, "Value"))?;
        filters.push(Filter { name, values: values.into_values().collect() });
    }
    match values.keys().next() {
        Some(n) => Err(missing(*n, "Name")),
        None => Ok(filters),
    }
}

/// A boolean and a number are all that a single parameter can be, besides text.
fn check_single(name: &str, value: &str) -> Result<(), Failure> {
    let right = match name {
        "NextToken" => true,
        "MaxResults" => value.parse::<u32>().is_ok(),
        _ => matches!(value, "true" | "false"),
    };
    if right {
        return Ok(());
    }
    Err(Failure::bad("InvalidParameterValue", format!("Invalid value '{value}' for parameter {name}")))
}

/// List members count from 1.
fn index(text: &str, name: &str) -> Result<usize, Failure> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Failure {
    let name = name.split('.').next().unwrap_or(name);
    Failure::bad("UnknownParameter", format!("The parameter {name} is not recognized"))
}

/// The action that the parameters name, once the version is right too.
pub(crate) fn action(parameters: &[(String, String)]) -> Result<&str, Failure> {
    let find = |wanted: &str| {
        let found = parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        found.ok_or_else(|| {
            let message = format!("The request must contain the parameter {wanted}");
            Failure::bad("MissingParameter", message)
        })
    };
    let action = find("Action")?;
    match find("Version")? {
        VERSION => Ok(action),
        other => {
            let message = format!("The requested version ({other}) of service AmazonEC2 does not exist");
            Err(Failure::bad("NoSuchVersion", message))
        }
    }
}

/// Decodes `application/x-www-form-urlencoded`. A name must not come twice.
pub(crate) fn decode(form: &[u8]) -> Result<Vec<(String, String)>, Failure> {
    let malformed = |why: &str| Failure::bad("MalformedQueryString", why);
    let mut decoded: Vec<(String, String)> = Vec::new();
    for pair in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (pair.get(..at).unwrap_or_default(), pair.get(at + 1..).unwrap_or_default()),
            None => (pair, &[][..]),
        };
        let name = unescape(name).ok_or_else(|| malformed("A parameter's name is not UTF-8"))?;
        let value = unescape(value).ok_or_else(|| malformed("A parameter's value is not UTF-8"))?;
        if decoded.iter().any(|(known, _)| *known == name) {
            return Err(malformed("A parameter is given more than once"));
        }
        decoded.push((name, value));
    }
    Ok(decoded)
}

fn unescape(text: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = std::str::from_utf8(after.get(..2)?).ok()?;
                rest = after.get(2..)?;
                u8::from_str_radix(digits, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(out).ok()
}
