//! `iperf3 --json`.
//!
//! Numbers are the receiver's: what arrived, not what was handed to a socket. UDP
//! adds the share that was lost.

use serde_json::Value;

use super::LEAST_DURATION;
use crate::outcome::{Metric, Status, Verdict};

/// Reads the document of a test that was asked to take `asked` seconds.
pub fn judge(asked: f64, output: &str) -> Verdict {
    let broken = |detail: String| Verdict::new(Status::Broken, detail);
    let document = match document(output) {
        Ok(document) => document,
        Err(why) => return broken(format!("{why}{}", super::last_line(output))),
    };
    if let Some(error) = document.get("error").and_then(Value::as_str) {
        return Verdict::new(Status::Fail, format!("iperf3: {error}"));
    }
    let end = &document["end"];
    let udp = document["start"]["test_start"]["protocol"] == "UDP";
    // iperf3 3.12 and later sum UDP by side too; before, `sum` alone was the receiver's.
    let sum = if end["sum_received"].is_object() {
        &end["sum_received"]
    } else {
        &end["sum"]
    };
    let field = |name: &str| sum[name].as_f64();
    let (Some(bytes), Some(seconds), Some(rate)) =
        (field("bytes"), field("seconds"), field("bits_per_second"))
    else {
        return broken("no sum of what was received in iperf3's output".to_string());
    };
    if bytes <= 0.0 || rate <= 0.0 {
        return Verdict::new(Status::Fail, "nothing was received");
    }
    if seconds < asked * LEAST_DURATION {
        return Verdict::new(Status::Fail, format!("took {seconds:.2} s of {asked} s"));
    }
    let mut metrics = vec![Metric::higher("throughput", rate / 1e6, "Mbit/s")];
    if udp && let Some(lost) = field("lost_percent") {
        metrics.push(Metric::lower("lost", lost, "%"));
    }
    Verdict {
        status: Status::Pass,
        detail: String::new(),
        metrics,
    }
}

/// The JSON object in `output`, which may have text around it (a warning before, a
/// message after).
fn document(output: &str) -> Result<Value, String> {
    let start = output.find('{').ok_or("no JSON in iperf3's output")?;
    let mut documents = serde_json::Deserializer::from_str(&output[start..]).into_iter::<Value>();
    match documents.next() {
        Some(Ok(document)) => Ok(document),
        Some(Err(error)) => Err(format!("iperf3's JSON cannot be read ({error})")),
        None => Err("no JSON in iperf3's output".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::outcome::Status;

    fn document(protocol: &str, bytes: u64, seconds: f64) -> String {
        let rate = bytes as f64 * 8.0 / seconds;
        format!(
            r#"{{"start":{{"test_start":{{"protocol":"{protocol}"}}}},"end":{{"sum_received":
            {{"bytes":{bytes},"seconds":{seconds},"bits_per_second":{rate},"lost_percent":1.5}}}}}}"#
        )
    }

    #[test]
    fn a_good_document_gives_the_receivers_number() {
        let verdict = judge(2.0, &document("TCP", 1_000_000, 2.0));
        assert_eq!(verdict.status, Status::Pass);
        assert_eq!((verdict.metrics.len(), verdict.metrics[0].value), (1, 4.0));
        assert_eq!(judge(2.0, &document("UDP", 1, 2.0)).metrics[1].unit, "%");
    }

    #[test]
    fn numbers_that_prove_nothing_are_refused() {
        assert_eq!(judge(2.0, &document("TCP", 0, 2.0)).status, Status::Fail);
        assert_eq!(judge(2.0, &document("TCP", 100, 1.7)).status, Status::Fail);
        assert_eq!(
            judge(2.0, r#"{"error":"unable to connect"}"#).status,
            Status::Fail
        );
    }

    #[test]
    fn what_cannot_be_read_is_broken_and_no_zero() {
        for output in [
            "",
            "iperf3: error",
            "{\"start\":{",
            "{}",
            "{\"end\":{\"sum_received\":{}}}",
        ] {
            let verdict = judge(2.0, output);
            assert_eq!(verdict.status, Status::Broken, "{output}");
            assert!(verdict.metrics.is_empty());
        }
    }
}
