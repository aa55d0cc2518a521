//! A dry run: AWS is asked whether the requests of a statement are allowed, and answers nothing else.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::DataFusionError;

use crate::domain::Regions;
use crate::enabled::DESCRIBE_REGIONS;
use crate::error::Error;
use crate::explain;
use crate::plan::{self, RegionRequest};
use crate::scan::Ec2Scan;
use crate::schema::DRY_RUN;
use crate::session::Planned;

/// The AWS code that means: it would have been allowed
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>).
const ALLOWED: &str = "DryRunOperation";

struct Answer {
    region: String,
    operation: String,
    allowed: Option<bool>,
    message: String,
}

/// One row per region and operation: region, operation, allowed, message.
pub(crate) async fn run(planned: &Planned) -> Result<RecordBatch, Error> {
    let mut answers: Vec<Answer> = vec![];
    for scan in explain::scans(&planned.physical)? {
        let Some(requests) = requests(&scan, &mut answers).await? else { continue };
        for request in requests {
            let operation = &scan.spec.table.operation;
            if !is_answered(&answers, &request.region, operation) {
                answers.push(ask(&scan, &request).await?);
            }
        }
    }
    batch(&answers)
}

fn is_answered(answers: &[Answer], region: &str, operation: &str) -> bool {
    answers.iter().any(|answer| answer.region == region && answer.operation == operation)
}

/// The requests that are known before the statement runs; None, and an answer that says why, where none is.
async fn requests(scan: &Ec2Scan, answers: &mut Vec<Answer>) -> Result<Option<Vec<RegionRequest>>, Error> {
    let source = &scan.spec.source;
    let mut answer = |region: &str, operation: &str, allowed, message: &str| {
        if !is_answered(answers, region, operation) {
            let (region, operation, message) = (region.to_owned(), operation.to_owned(), message.to_owned());
            answers.push(Answer { region, operation, allowed, message });
        }
    };
    if plan::scope(&scan.spec.ask(&[]))? == Regions::Open {
        let why = "a join says which regions; a dry run does not read its other side";
        answer("", &scan.spec.table.operation, None, why);
        return Ok(None);
    }
    if explain::asks_enabled_regions(scan) {
        match source.enabled.get(source).await {
            Ok(_) => {
                answer(&source.home_region, DESCRIBE_REGIONS, Some(true), "sent, to know which regions are enabled");
            }
            Err(error) if error.aws_code().is_some() => {
                answer(&source.home_region, DESCRIBE_REGIONS, Some(false), &error.message());
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Some(scan.spec.requests(&[]).await?))
}

async fn ask(scan: &Ec2Scan, request: &RegionRequest) -> Result<Answer, Error> {
    let table = &scan.spec.table;
    let answer = |allowed, message: &str| {
        let (region, operation) = (request.region.clone(), table.operation.clone());
        Ok(Answer { region, operation, allowed, message: message.to_owned() })
    };
    if table.parameters.iter().all(|parameter| parameter.name != DRY_RUN) {
        return answer(None, "the operation has no DryRun");
    }
    let first = request.batches().into_iter().next().unwrap_or_default();
    let mut call = request.call(table, &first);
    call.parameters.push((DRY_RUN.into(), "true".into()));
    let source = &scan.spec.source;
    let entry = source.requests.start(source.statement, &call);
    match source.client.call(&call).await {
        Ok(_) => answer(Some(true), "the endpoint answered instead of only checking"),
        Err(error) => {
            entry.failed(&error);
            match error.code() {
                Some(ALLOWED) => answer(Some(true), error.message()),
                Some(_) => answer(Some(false), error.message()),
                None => Err(error.into()),
            }
        }
    }
}

fn batch(answers: &[Answer]) -> Result<RecordBatch, Error> {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let schema = Schema::new(vec![
        text("region"),
        text("operation"),
        Field::new("allowed", DataType::Boolean, true),
        text("message"),
    ]);
    let texts = |of: fn(&Answer) -> &str| -> ArrayRef {
        Arc::new(answers.iter().map(|a| Some(of(a))).collect::<StringArray>())
    };
    let columns: Vec<ArrayRef> = vec![
        texts(|answer| &answer.region),
        texts(|answer| &answer.operation),
        Arc::new(answers.iter().map(|answer| answer.allowed).collect::<BooleanArray>()),
        texts(|answer| &answer.message),
    ];
    Ok(RecordBatch::try_new(Arc::new(schema), columns).map_err(DataFusionError::from)?)
}
