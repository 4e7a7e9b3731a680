//! Pings with the crate `healthchecks`: `nightkeep-clients URL UUID`. Prints what each of its calls returned.
#![forbid(unsafe_code)]

use std::error::Error;

use healthchecks::ping::get_client_with_url;
use uuid::Uuid;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, check] = arguments.as_slice() else { return Err("how to use it: nightkeep-clients URL UUID".into()) };
    let client = get_client_with_url(check, url)?.set_user_agent("clients/1");
    let run = Uuid::new_v4();
    println!("start {}", client.start_timer());
    println!("success {}", client.report_success());
    println!("start of a run {}", client.start_timer_with_run_id(Some(&run)));
    println!("success of another run {}", client.report_success_with_run_id(Some(&Uuid::new_v4())));
    println!("success of the run {}", client.report_success_with_run_id(Some(&run)));
    println!("failure {}", client.report_failure());
    println!("failure with logs {}", client.report_failure_with_logs("it broke at step 3"));
    let unknown = get_client_with_url("00000000-0000-4000-8000-000000000000", url)?;
    println!("unknown {}", unknown.report_success());
    Ok(())
}
