//! Jobs and CronJobs in kubectl's words; their pods are counted by their controllers.

use k8s_openapi::api::batch::v1::{CronJob, Job, JobTemplateSpec};

use super::description::{Cell, Page, Piece, Standing, said, standing};
use super::labels::{controlled_by, metadata, selector};
use super::pod::template;

/// kubectl tells this much of a list of indexes, and the rest of the range it ends in.
const INDEXES: usize = 50;

fn text(number: Option<impl ToString>) -> Option<String> {
    number.map(|number| number.to_string())
}

fn or_unset(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "<unset>".to_owned(), |value| value.to_string())
}

pub(super) fn job(page: &mut Page, of: &Job) {
    let (spec, status) = (of.spec.clone().unwrap_or_default(), of.status.clone().unwrap_or_default());
    page.field(0, "Name", of.metadata.name.as_deref().unwrap_or_default());
    page.field(0, "Namespace", of.metadata.namespace.as_deref().unwrap_or_default());
    page.field(0, "Selector", selector(spec.selector.as_ref()));
    metadata(page, &of.metadata);
    controlled_by(page, &of.metadata);
    page.field_if(0, "Parallelism", text(spec.parallelism));
    page.field(0, "Completions", or_unset(spec.completions));
    page.field_if(0, "Completion Mode", spec.completion_mode.as_ref());
    page.field_if(0, "Suspend", text(spec.suspend));
    page.field_if(0, "Backoff Limit", text(spec.backoff_limit));
    page.field_if(0, "TTL Seconds After Finished", text(spec.ttl_seconds_after_finished));
    let (started, ended) = (status.start_time.as_ref(), status.completion_time.as_ref());
    let moment = |page: &Page, time: Option<&k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>| {
        time.map(|time| page.moment(time.0))
    };
    let (start, completion) = (moment(page, started), moment(page, ended));
    page.field_if(0, "Start Time", start);
    page.field_if(0, "Completed At", completion);
    if let (Some(started), Some(ended)) = (started, ended) {
        let lasting = Piece::Lasting(ended.0.as_second() - started.0.as_second());
        page.cell(0, "Duration", Cell::Ages(vec![lasting]));
    }
    page.field_if(0, "Active Deadline Seconds", spec.active_deadline_seconds.map(|seconds| format!("{seconds}s")));
    let ready = status.ready.map(|ready| format!(" ({ready} Ready)")).unwrap_or_default();
    let failed = status.failed.unwrap_or_default();
    let told = format!(
        "{} Active{ready} / {} Succeeded / {failed} Failed",
        status.active.unwrap_or_default(),
        status.succeeded.unwrap_or_default(),
    );
    page.cell(0, "Pods Statuses", if failed > 0 { standing(Standing::Bad, told) } else { said(told) });
    if spec.completion_mode.as_deref() == Some("Indexed") {
        page.field(0, "Completed Indexes", indexes(status.completed_indexes.as_deref().unwrap_or_default()));
    }
    template(page, &spec.template);
}

fn indexes(all: &str) -> String {
    if all.is_empty() {
        return "<none>".to_owned();
    }
    let end = all.char_indices().skip(INDEXES).find(|(_, c)| *c == ',').map(|(at, _)| at);
    end.map_or_else(|| all.to_owned(), |end| format!("{}...", &all[..=end]))
}

pub(super) fn cron_job(page: &mut Page, of: &CronJob) {
    let (spec, status) = (of.spec.clone().unwrap_or_default(), of.status.clone().unwrap_or_default());
    page.field(0, "Name", of.metadata.name.as_deref().unwrap_or_default());
    page.field(0, "Namespace", of.metadata.namespace.as_deref().unwrap_or_default());
    metadata(page, &of.metadata);
    page.field(0, "Schedule", &spec.schedule);
    page.field(0, "Concurrency Policy", spec.concurrency_policy.as_deref().unwrap_or_default());
    let suspend = spec.suspend.map(|suspend| if suspend { "True" } else { "False" });
    page.field(0, "Suspend", or_unset(suspend));
    page.field(0, "Time Zone", or_unset(spec.time_zone));
    page.field(0, "Successful Job History Limit", or_unset(spec.successful_jobs_history_limit));
    page.field(0, "Failed Job History Limit", or_unset(spec.failed_jobs_history_limit));
    let deadline = spec.starting_deadline_seconds.map(|seconds| format!("{seconds}s"));
    page.field(0, "Starting Deadline Seconds", or_unset(deadline));
    job_template(page, &spec.job_template);
    let last = status.last_schedule_time.map(|time| page.moment(time.0));
    page.field(0, "Last Schedule Time", or_unset(last));
    let active: Vec<String> = status.active.into_iter().flatten().filter_map(|job| job.name).collect();
    page.field(0, "Active Jobs", if active.is_empty() { "<none>".to_owned() } else { active.join(", ") });
}

fn job_template(page: &mut Page, of: &JobTemplateSpec) {
    let spec = of.spec.clone().unwrap_or_default();
    page.field(0, "Selector", or_unset(spec.selector.as_ref().map(|of| selector(Some(of)))));
    page.field(0, "Parallelism", or_unset(spec.parallelism));
    page.field(0, "Completions", or_unset(spec.completions));
    page.field_if(0, "Active Deadline Seconds", spec.active_deadline_seconds.map(|seconds| format!("{seconds}s")));
    template(page, &spec.template);
}
