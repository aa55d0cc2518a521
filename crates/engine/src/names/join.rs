//! Joins: conditions, and the columns that USING and NATURAL merge.

use datafusion::sql::sqlparser::ast::{Ident, Join, JoinConstraint, JoinOperator, ObjectName};

use super::error::NameError;
use super::expression::{self, identifiers};
use super::frame::{Clause, Found, Frame};
use super::query::Context;
use super::scope::{Merged, Source, object_name};

/// What an outer or semi join keeps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeps {
    Both,
    Left,
    Right,
    /// Rows of either side, so a merged column's value is on either.
    Full,
    OnlyLeft,
    OnlyRight,
}

/// Resolves a join's condition and tells the sources and merged columns of both sides together.
pub(super) fn joined<'a>(
    join: &mut Join,
    context: Context<'a>,
    left: Frame<'a>,
    right: Frame<'a>,
) -> Result<Frame<'a>, NameError> {
    let (constraint, keeps) = parts(&mut join.join_operator);
    let mut pairs = Vec::new();
    if let Some(constraint) = constraint {
        if let JoinConstraint::Natural = constraint {
            spell_out(constraint, &left, &right);
        }
        if let JoinConstraint::Using(names) = constraint {
            for name in names {
                pairs.extend(using(name, &left, &right)?);
            }
        }
        let mut both = left.clone();
        both.append(right.clone());
        if let JoinConstraint::On(condition) = constraint {
            expression::resolve(condition, context, &both, Clause::Input)?;
        }
    }
    match keeps {
        Keeps::OnlyLeft => return Ok(left),
        Keeps::OnlyRight => return Ok(right),
        Keeps::Both | Keeps::Left | Keeps::Right | Keeps::Full => {}
    }
    let offset = left.sources.len();
    let mut frame = left;
    frame.append(right);
    for pair in pairs {
        merge(&mut frame, pair, keeps, offset);
    }
    Ok(frame)
}

/// A column that both sides of a USING join have.
struct Pair {
    name: String,
    left: Vec<usize>,
    left_values: Vec<usize>,
    right: Vec<usize>,
    right_values: Vec<usize>,
}

fn merge(frame: &mut Frame<'_>, pair: Pair, keeps: Keeps, offset: usize) {
    let shifted = |indexes: Vec<usize>| indexes.into_iter().map(move |index| index + offset);
    let values = match keeps {
        Keeps::Right => shifted(pair.right_values).collect(),
        Keeps::Full => pair.left_values.into_iter().chain(shifted(pair.right_values)).collect(),
        _ => pair.left_values,
    };
    let members: Vec<_> = pair.left.into_iter().chain(shifted(pair.right)).collect();
    let is_part =
        |merged: &Merged| merged.name == pair.name && merged.members.iter().all(|index| members.contains(index));
    frame.merged.retain(|merged| !is_part(merged));
    frame.merged.push(Merged { name: pair.name, members, values });
}

/// Writes a USING column's declared name; None where a side's columns are not known.
fn using(name: &mut ObjectName, left: &Frame<'_>, right: &Frame<'_>) -> Result<Option<Pair>, NameError> {
    let Some(written) = identifiers(name) else {
        return Ok(None);
    };
    let [column] = written.as_slice() else {
        return Ok(None);
    };
    let Some(of_left) = side(left, column)? else {
        return Ok(None);
    };
    *name = object_name(std::slice::from_ref(&of_left.name));
    let mut wanted = Ident::with_quote('"', &of_left.name);
    wanted.span = column.span;
    let Some(of_right) = side(right, &wanted)? else {
        return Ok(None);
    };
    Ok(Some(Pair {
        name: of_left.name,
        left: of_left.members,
        left_values: of_left.values,
        right: of_right.members,
        right_values: of_right.values,
    }))
}

/// The column of this name on one side of a join, merged or plain.
fn side(frame: &Frame<'_>, column: &Ident) -> Result<Option<Merged>, NameError> {
    let side = Frame { outer: None, ..frame.clone() };
    let Found::Column { name, .. } = side.find(std::slice::from_ref(column), Clause::Input)? else {
        return Ok(None);
    };
    let has = |source: &Source| source.shape.names().any(|own| own == name);
    let indexes = frame.sources.iter().enumerate().filter(|(_, source)| has(source));
    let members: Vec<_> = indexes.map(|(index, _)| index).collect();
    let merged = frame.merged(&name, members.iter().copied()).cloned();
    Ok(Some(merged.unwrap_or_else(|| Merged { name, values: members.clone(), members })))
}

/// NATURAL joins on every common column; where a hidden one is among them it is written as the
/// USING of the visible ones.
fn spell_out(constraint: &mut JoinConstraint, left: &Frame<'_>, right: &Frame<'_>) {
    let complete = |frame: &Frame<'_>| frame.sources.iter().all(|source| source.shape.is_complete());
    if !complete(left) || !complete(right) {
        return;
    }
    let visible = |frame: &Frame<'_>| {
        let columns = frame.sources.iter().flat_map(|source| source.shape.columns.clone());
        let mut names: Vec<String> = Vec::new();
        for column in columns.filter(|column| !column.hidden) {
            names.extend(column.name.filter(|name| !names.contains(name)));
        }
        names
    };
    let of_right = visible(right);
    let common: Vec<_> = visible(left).into_iter().filter(|name| of_right.contains(name)).collect();
    *constraint = if common.is_empty() {
        JoinConstraint::None
    } else {
        JoinConstraint::Using(common.iter().map(|name| object_name(std::slice::from_ref(name))).collect())
    };
}

fn parts(operator: &mut JoinOperator) -> (Option<&mut JoinConstraint>, Keeps) {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::CrossJoin(constraint)
        | JoinOperator::StraightJoin(constraint)
        | JoinOperator::AsOf { constraint, .. } => (Some(constraint), Keeps::Both),
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (Some(constraint), Keeps::Left),
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => (Some(constraint), Keeps::Right),
        JoinOperator::FullOuter(constraint) => (Some(constraint), Keeps::Full),
        JoinOperator::Semi(constraint)
        | JoinOperator::LeftSemi(constraint)
        | JoinOperator::Anti(constraint)
        | JoinOperator::LeftAnti(constraint) => (Some(constraint), Keeps::OnlyLeft),
        JoinOperator::RightSemi(constraint) | JoinOperator::RightAnti(constraint) => {
            (Some(constraint), Keeps::OnlyRight)
        }
        JoinOperator::CrossApply
        | JoinOperator::OuterApply
        | JoinOperator::ArrayJoin
        | JoinOperator::LeftArrayJoin
        | JoinOperator::InnerArrayJoin => (None, Keeps::Both),
    }
}
