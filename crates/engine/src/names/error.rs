//! What is wrong with a name, and what may have been meant.

use std::fmt;

use datafusion::sql::sqlparser::ast::Ident;

/// At most this many names are suggested.
pub(super) const CANDIDATES_MAX: usize = 3;

/// For a longer name nothing is suggested.
const CHARACTERS_MAX: usize = 200;

/// A name that stands for nothing, or for more than one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameError {
    /// What was looked for.
    pub(crate) kind: NameErrorKind,
    /// The name as it was written, dotted.
    pub(crate) name: String,
    /// Names that may have been meant, as they can be typed, nearest first; for an ambiguous name
    /// the ones it fits.
    pub(crate) candidates: Vec<String>,
    /// The relations (or the column, for a field of it) that were looked at.
    pub(crate) looked_at: Vec<String>,
    /// Line and column in the statement text, from 1, where the parser knows them.
    pub(crate) position: Option<(u32, u32)>,
    /// What to write instead, where that is not another name.
    pub(crate) advice: Option<String>,
}

/// What a name was looked up as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameErrorKind {
    /// No such table, view, alias or common table expression.
    Relation,
    /// No such column, or no such field of a column.
    Column,
    /// More than one relation or column fits.
    Ambiguous,
    /// No such function.
    Function,
    /// No such schema, or no such catalog.
    Schema,
}

impl NameError {
    pub(super) fn new(kind: NameErrorKind, name: &[Ident]) -> Self {
        let position = name.first().map(|first| first.span.start);
        let position = position.and_then(|start| {
            let (line, column) = (u32::try_from(start.line), u32::try_from(start.column));
            Some((line.ok()?, column.ok()?)).filter(|(line, _)| *line > 0)
        });
        Self {
            kind,
            name: dotted(name.iter().map(|part| part.value.as_str())),
            candidates: Vec::new(),
            looked_at: Vec::new(),
            position,
            advice: None,
        }
    }

    pub(super) fn candidates(mut self, candidates: Vec<String>) -> Self {
        self.candidates = candidates;
        self
    }

    pub(super) fn looked_at(mut self, looked_at: Vec<String>) -> Self {
        self.looked_at = looked_at;
        self
    }

    /// A sentence that says what to write instead, if something near is known.
    pub(crate) fn hint(&self) -> Option<String> {
        if let Some(advice) = &self.advice {
            return Some(advice.clone());
        }
        let (last, others) = self.candidates.split_last()?;
        let choice = if others.is_empty() { last.clone() } else { format!("{} or {last}", others.join(", ")) };
        Some(match self.kind {
            NameErrorKind::Ambiguous => format!("Write {choice}."),
            NameErrorKind::Relation | NameErrorKind::Column | NameErrorKind::Function | NameErrorKind::Schema => {
                format!("Did you mean {choice}?")
            }
        })
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match self.kind {
            NameErrorKind::Relation if self.looked_at.is_empty() => {
                write!(f, "relation \"{name}\" does not exist")
            }
            NameErrorKind::Relation => {
                let looked_at = self.looked_at.join(", ");
                write!(f, "relation \"{name}\" is not in the FROM clause, which has {looked_at}")
            }
            NameErrorKind::Function => write!(f, "function \"{name}\" does not exist"),
            NameErrorKind::Schema => write!(f, "schema \"{name}\" does not exist"),
            NameErrorKind::Ambiguous => write!(f, "name \"{name}\" is ambiguous"),
            NameErrorKind::Column => {
                write!(f, "column \"{name}\" does not exist")?;
                if self.looked_at.is_empty() {
                    return Ok(());
                }
                write!(f, " in {}", self.looked_at.join(", "))
            }
        }
    }
}

impl std::error::Error for NameError {}

/// The names near to `name`, nearest first, at most three.
///
/// Case and underscores do not count: `import_task_id` is next to `importTaskId`. Of a dotted
/// candidate its last parts are compared too: `imags` is near to `aws.ec2_api.images`.
pub(crate) fn nearest<N: AsRef<str>>(name: &str, candidates: impl IntoIterator<Item = N>) -> Vec<String> {
    let mut near = by_distance(name, candidates);
    near.truncate(CANDIDATES_MAX);
    near
}

/// Characters from which on a name may be the beginning of another.
const BEGINNING_MIN: usize = 3;

/// All names near to `name`, or of which it is the beginning, nearest first.
pub(super) fn by_distance<N: AsRef<str>>(name: &str, candidates: impl IntoIterator<Item = N>) -> Vec<String> {
    let wanted = folded(name);
    if wanted.len() > CHARACTERS_MAX {
        return Vec::new();
    }
    let limit = wanted.len().max(3) / 3;
    let mut near: Vec<(usize, String)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let candidate = candidate.as_ref();
            let distances = suffixes(candidate).map(|suffix| distance(&wanted, &folded(suffix)));
            let nearest = distances.min()?;
            let begins =
                wanted.len() >= BEGINNING_MIN && suffixes(candidate).any(|suffix| folded(suffix).starts_with(&wanted));
            (nearest <= limit || begins).then(|| (nearest, candidate.to_owned()))
        })
        .collect();
    // Of `images` and `aws.ec2_api.images` the short one is enough.
    let names: Vec<String> = near.iter().map(|(_, name)| name.clone()).collect();
    for (_, name) in &mut near {
        let short = suffixes(name).filter(|suffix| names.iter().any(|known| known == suffix)).last();
        if let Some(short) = short.map(str::to_owned) {
            *name = short;
        }
    }
    near.sort();
    let mut seen = std::collections::HashSet::new();
    near.retain(|(_, name)| seen.insert(name.clone()));
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

fn folded(name: &str) -> Vec<char> {
    name.to_lowercase().chars().filter(|character| *character != '_').collect()
}

fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    let dots = name.match_indices('.').filter_map(|(dot, _)| name.get(dot + 1..));
    std::iter::once(name).chain(dots)
}

/// How many characters must be added, left out, replaced or swapped with their neighbour.
fn distance(one: &[char], other: &[char]) -> usize {
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
    let mut above = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut before = None;
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        let mut left = None;
        for (j, b) in other.iter().enumerate() {
            let replaced = at(&last, j) + usize::from(a != b);
            let mut cost = replaced.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if before == Some(b) && left == Some(a) {
                cost = cost.min(at(&above, j.saturating_sub(1)) + 1);
            }
            row.push(cost);
            left = Some(b);
        }
        above = std::mem::replace(&mut last, row);
        before = Some(a);
    }
    at(&last, other.len())
}

pub(super) fn dotted<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    parts.into_iter().collect::<Vec<_>>().join(".")
}
