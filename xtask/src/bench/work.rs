//! What is measured.

use clap::ValueEnum;

use super::pages::Work;

/// What a listing lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Data {
    ImageTasks,
    SnapshotTasks,
    Images,
    Instances,
}

/// One program and what it is to do with a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// ec2ql: every column into a file of this format.
    Everything(&'static str),
    /// ec2ql: two columns into a file of this format.
    TwoColumns(&'static str),
    /// ec2ql: the number of rows.
    Count,
    /// boto3's paginator, touching every row.
    Boto3,
    /// The AWS CLI, counting the rows.
    AwsCount,
    /// The AWS CLI, writing every row as JSON.
    AwsJson,
}

impl Data {
    pub(crate) const ALL: [Self; 4] = [Self::ImageTasks, Self::SnapshotTasks, Self::Images, Self::Instances];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ImageTasks => "image-tasks",
            Self::SnapshotTasks => "snapshot-tasks",
            Self::Images => "images",
            Self::Instances => "instances",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::ImageTasks => "image tasks",
            Self::SnapshotTasks => "snapshot tasks",
            Self::Images => "images",
            Self::Instances => "instances",
        }
    }

    pub(crate) fn work(self) -> Work {
        match self {
            Self::ImageTasks => Work::ImageTasks,
            Self::SnapshotTasks => Work::SnapshotTasks,
            Self::Images => Work::Images,
            Self::Instances => Work::Instances,
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::ImageTasks => "import_image_tasks",
            Self::SnapshotTasks => "import_snapshot_tasks",
            Self::Images => "images",
            Self::Instances => "instances",
        }
    }

    fn two_columns(self) -> &'static str {
        match self {
            Self::ImageTasks => "importTaskId, status",
            Self::SnapshotTasks => "importTaskId, description",
            Self::Images => "imageId, imageState",
            Self::Instances => "instanceId, instanceType",
        }
    }

    /// The AWS CLI's command, and the expression that counts.
    pub(crate) fn aws_command(self) -> (&'static str, &'static str) {
        match self {
            Self::ImageTasks => ("describe-import-image-tasks", "length(ImportImageTasks)"),
            Self::SnapshotTasks => ("describe-import-snapshot-tasks", "length(ImportSnapshotTasks)"),
            Self::Images => ("describe-images", "length(Images)"),
            Self::Instances => ("describe-instances", "length(Reservations[].Instances[])"),
        }
    }

    /// The jobs on this listing. The AWS CLI takes part once: it is boto3's library and more.
    pub(crate) fn jobs(self, compact: bool) -> Vec<Job> {
        let mut jobs = vec![Job::Everything("parquet"), Job::Everything("csv"), Job::Everything("jsonl")];
        jobs.extend([Job::TwoColumns("parquet"), Job::Count, Job::Boto3]);
        if self == Self::ImageTasks && !compact {
            jobs.extend([Job::AwsCount, Job::AwsJson]);
        }
        jobs
    }
}

impl Job {
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Everything(_) | Self::TwoColumns(_) | Self::Count)
    }

    pub(crate) fn client(self) -> &'static str {
        match self {
            Self::Boto3 => "boto3",
            Self::AwsCount | Self::AwsJson => "AWS CLI",
            _ => "ec2ql",
        }
    }

    pub(crate) fn title(self) -> String {
        match self {
            Self::Everything(format) => format!("`SELECT *` to {format}"),
            Self::TwoColumns(format) => format!("two columns to {format}"),
            Self::Count => "`count(*)`".to_owned(),
            Self::Boto3 => "paginator, every row touched".to_owned(),
            Self::AwsCount => "`--query length(...)`".to_owned(),
            Self::AwsJson => "`--output json`".to_owned(),
        }
    }

    /// The statement, and the file that it writes.
    pub(crate) fn sql(self, data: Data) -> Option<(String, Option<String>)> {
        let table = data.table();
        let copy = |columns: &str, format: &str| {
            let file = format!("out.{format}");
            (format!("COPY (SELECT {columns} FROM {table} WHERE region = 'us-east-1') TO '{file}'"), Some(file))
        };
        match self {
            Self::Everything(format) => Some(copy("*", format)),
            Self::TwoColumns(format) => Some(copy(data.two_columns(), format)),
            Self::Count => Some((format!("SELECT count(*) FROM {table} WHERE region = 'us-east-1'"), None)),
            Self::Boto3 | Self::AwsCount | Self::AwsJson => None,
        }
    }
}
