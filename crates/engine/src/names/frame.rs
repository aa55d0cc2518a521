//! What can be named at one place of a statement, and the look-up of an identifier in it.

use datafusion::arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{Expr, Ident};

use super::error::{NameError, NameErrorKind, nearest};
use super::expression::call;
use super::scope::{Column, Merged, Shape, Source, choose, renamed};

/// A qualifier has at most this many parts: catalog, schema, table.
const QUALIFIER_PARTS_MAX: usize = 3;

/// The clause that an expression stands in, which decides what comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    /// WHERE, ON, the select list: columns of the sources.
    Input,
    /// GROUP BY, HAVING, QUALIFY: columns of the sources, then names of the select list.
    Group,
    /// ORDER BY, DISTINCT ON: names of the select list, then columns of the sources.
    Output,
}

/// What an identifier stands for.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and nearly always a column")]
pub(super) enum Found {
    /// A column, written as `column`, for the first `used` identifiers; the rest is a path into it.
    Column { column: Expr, name: String, data_type: Option<DataType>, used: usize },
    /// A column of this source, whose columns are not known; the first `used` identifiers name it.
    Within { qualifier: Vec<String>, used: usize },
    /// It may belong to a relation that is not known here.
    Unknown,
}

/// The names of one query level.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame<'a> {
    pub(super) sources: Vec<Source>,
    pub(super) merged: Vec<Merged>,
    /// The select list, once it is resolved.
    pub(super) outputs: Shape,
    /// How the FROM clause calls its relations.
    pub(super) calls: Vec<String>,
    /// Names that a WINDOW clause declares.
    pub(super) windows: Vec<String>,
    /// The enclosing query's names.
    pub(super) outer: Option<&'a Frame<'a>>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(outer: Option<&'a Frame<'a>>) -> Self {
        Self { outer, ..Self::default() }
    }

    /// Adds another FROM item's sources to the right of these.
    pub(super) fn append(&mut self, other: Frame<'_>) {
        let offset = self.sources.len();
        self.sources.extend(other.sources);
        self.merged.extend(other.merged.into_iter().map(|mut merged| {
            merged.members.iter_mut().for_each(|index| *index += offset);
            merged.values.iter_mut().for_each(|index| *index += offset);
            merged
        }));
    }

    /// Looks a dotted name up, here and then in the enclosing queries.
    pub(super) fn find(&self, name: &[Ident], clause: Clause) -> Result<Found, NameError> {
        let (mut frame, mut clause) = (self, clause);
        let mut missed = Vec::new();
        loop {
            if let Some(found) = frame.find_here(name, clause, &mut missed)? {
                return Ok(found);
            }
            let Some(outer) = frame.outer else {
                return Err(self.not_found(name, &missed));
            };
            (frame, clause) = (outer, Clause::Input);
        }
    }

    fn find_here<'f>(
        &'f self,
        name: &[Ident],
        clause: Clause,
        missed: &mut Vec<(&'f Source, usize)>,
    ) -> Result<Option<Found>, NameError> {
        // With a path behind it a name is rather a relation's.
        if clause == Clause::Output
            && name.len() == 1
            && let Some(found) = self.output(name)?
        {
            return Ok(Some(found));
        }
        if let Some(found) = self.qualified(name, missed)? {
            return Ok(Some(found));
        }
        if clause == Clause::Output
            && let Some(found) = self.output(name)?
        {
            return Ok(Some(found));
        }
        match self.unqualified(name) {
            Ok(None) => {}
            Ok(found) => return Ok(found),
            Err(error) if clause == Clause::Input => return Err(error),
            Err(error) => return self.output(name)?.map(Some).ok_or(error),
        }
        if clause == Clause::Group
            && let Some(found) = self.output(name)?
        {
            return Ok(Some(found));
        }
        let open = self.sources.iter().any(|source| !source.shape.is_complete())
            || (clause != Clause::Input && !self.outputs.is_complete());
        Ok(open.then_some(Found::Unknown))
    }

    /// `relation.column`, the longest qualifier first.
    fn qualified<'f>(
        &'f self,
        name: &[Ident],
        missed: &mut Vec<(&'f Source, usize)>,
    ) -> Result<Option<Found>, NameError> {
        let longest = name.len().saturating_sub(1).min(QUALIFIER_PARTS_MAX);
        for used in (1..=longest).rev() {
            let (Some(prefix), Some(last)) = (name.get(..used), name.get(used)) else {
                continue;
            };
            let Some(source) = self.source(prefix)? else {
                continue;
            };
            let columns = source.shape.matching(last);
            if let Some(column) = one(name, &columns)? {
                let declared = column.name.clone().unwrap_or_default();
                return Ok(Some(Found::Column {
                    column: source.column(&declared, last),
                    name: declared,
                    data_type: column.data_type.clone(),
                    used: used + 1,
                }));
            }
            if !source.shape.is_complete() {
                let qualifier = source.qualifier.clone();
                return Ok(Some(Found::Within { qualifier, used }));
            }
            missed.push((source, used));
        }
        Ok(None)
    }

    /// The source that a qualifier names.
    pub(super) fn source(&self, prefix: &[Ident]) -> Result<Option<&Source>, NameError> {
        let called = |exactly| {
            let sources = self.sources.iter();
            sources.filter(|source| source.is_called(prefix, exactly)).collect::<Vec<_>>()
        };
        let mut sources = called(true);
        if sources.is_empty() {
            sources = called(false);
        }
        match sources.as_slice() {
            [] => Ok(None),
            [source] => Ok(Some(source)),
            several => {
                let names = several.iter().map(|source| source.written(None));
                Err(ambiguous(prefix, names.collect()))
            }
        }
    }

    /// `column`, of whichever source has it.
    fn unqualified(&self, name: &[Ident]) -> Result<Option<Found>, NameError> {
        let Some(first) = name.first() else {
            return Ok(None);
        };
        let all = self.sources.iter().enumerate().flat_map(|(index, source)| {
            let columns = source.shape.columns.iter();
            columns.filter_map(move |column| Some((index, column.name.as_deref()?, column)))
        });
        let matches = choose(first, all, |(_, name, _)| name);
        let Some((_, declared, column)) = matches.first() else {
            return Ok(None);
        };
        let found = |column_expr| Found::Column {
            column: column_expr,
            name: (*declared).to_owned(),
            data_type: column.data_type.clone(),
            used: 1,
        };
        if matches.iter().any(|(_, name, _)| name != declared) {
            let names = matches.iter().map(|(_, name, _)| quoted(name));
            return Err(ambiguous(name, names.collect()));
        }
        if let Some(merged) = self.merged(declared, matches.iter().map(|(index, ..)| *index)) {
            return Ok(Some(found(self.merged_value(merged, first))));
        }
        let bare = Expr::Identifier(renamed(first, declared));
        let sources: Vec<_> = matches.iter().filter_map(|(index, ..)| self.sources.get(*index)).collect();
        // The planner takes a column without a qualifier before those that have one.
        let plain = sources.iter().filter(|source| source.qualifier.is_empty()).count();
        if matches.len() == 1 || plain == 1 {
            return Ok(Some(found(bare)));
        }
        let names = sources.iter().map(|source| source.written(Some(declared)));
        Err(ambiguous(name, names.collect()))
    }

    /// The merged column of this name that covers all these sources.
    pub(super) fn merged(&self, name: &str, mut sources: impl Iterator<Item = usize>) -> Option<&Merged> {
        let merged = self.merged.iter().find(|merged| merged.name == name)?;
        sources.all(|index| merged.members.contains(&index)).then_some(merged)
    }

    /// The value of a merged column: of the side that an outer join keeps.
    pub(super) fn merged_value(&self, merged: &Merged, like: &Ident) -> Expr {
        let sources = merged.values.iter().filter_map(|index| self.sources.get(*index));
        let mut values: Vec<_> = sources.map(|source| source.column(&merged.name, like)).collect();
        if values.len() > 1 {
            return call("coalesce", values);
        }
        values.pop().unwrap_or_else(|| Expr::Identifier(renamed(like, &merged.name)))
    }

    /// A name of the select list.
    fn output(&self, name: &[Ident]) -> Result<Option<Found>, NameError> {
        let Some(first) = name.first() else {
            return Ok(None);
        };
        let columns = self.outputs.matching(first);
        let Some(column) = one(name, &columns)? else {
            return Ok(None);
        };
        // What stands behind it can only be a path into it.
        let nested = column.data_type.as_ref().is_some_and(DataType::is_nested);
        if name.len() > 1 && !nested {
            return Ok(None);
        }
        let declared = column.name.clone().unwrap_or_default();
        Ok(Some(Found::Column {
            column: Expr::Identifier(renamed(first, &declared)),
            name: declared,
            data_type: column.data_type.clone(),
            used: 1,
        }))
    }

    fn not_found(&self, name: &[Ident], missed: &[(&Source, usize)]) -> NameError {
        let part = |at: usize| name.get(at).map(|part| part.value.as_str()).unwrap_or_default();
        if let Some((source, used)) = missed.first() {
            let near = nearest(part(*used), source.shape.names());
            let near = near.iter().map(|column| source.written(Some(column)));
            return NameError::new(NameErrorKind::Column, name)
                .candidates(near.collect())
                .looked_at(vec![source.title()]);
        }
        let sources = || self.with_outer().flat_map(|frame| frame.sources.iter());
        let mut titles: Vec<_> = Vec::new();
        for title in sources().map(Source::title).filter(|title| !title.is_empty()) {
            if !titles.contains(&title) {
                titles.push(title);
            }
        }
        let columns = sources().flat_map(|source| source.shape.names());
        let near = nearest(part(0), columns.chain(self.outputs.names()));
        if let [qualifier @ .., _] = name
            && !qualifier.is_empty()
            && near.is_empty()
        {
            let error = NameError::new(NameErrorKind::Relation, qualifier);
            let near = nearest(&error.name, sources().map(|source| source.written(None)));
            return error.candidates(near).looked_at(titles);
        }
        NameError::new(NameErrorKind::Column, name).candidates(near).looked_at(titles)
    }

    /// This frame and those around it, from the inside out.
    fn with_outer(&self) -> impl Iterator<Item = &Frame<'a>> {
        std::iter::successors(Some(self), |frame| frame.outer)
    }
}

/// The only column, if there is one; several are one when they have the same name.
fn one<'c>(name: &[Ident], columns: &[&'c Column]) -> Result<Option<&'c Column>, NameError> {
    let Some((first, others)) = columns.split_first() else {
        return Ok(None);
    };
    if others.iter().all(|column| column.name == first.name) {
        return Ok(Some(first));
    }
    let names = columns.iter().filter_map(|column| column.name.as_deref());
    Err(ambiguous(name, names.map(quoted).collect()))
}

fn ambiguous(name: &[Ident], mut candidates: Vec<String>) -> NameError {
    candidates.sort();
    candidates.dedup();
    NameError::new(NameErrorKind::Ambiguous, name).candidates(candidates)
}

fn quoted(name: &str) -> String {
    Ident::with_quote('"', name).to_string()
}
