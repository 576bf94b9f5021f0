import Fixtures
import MailModel
import Testing

@Suite("Times and days")
struct TimestampTests {
    @Test(
        "a day is so many after 1970-01-01",
        arguments: [
            ("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("2000-03-01", 11_017),
            ("2026-11-23", 20_780), ("2100-03-01", 47_541), ("0000-01-01", -719_528),
            ("9999-12-31", 2_932_896),
        ])
    func knownDays(_ text: String, _ days: Int) {
        #expect(CalendarDay(text)?.daysSinceEpoch == days)
        #expect(CalendarDay(daysSinceEpoch: days).description == text)
    }

    @Test(
        "what is not in the calendar is no day",
        arguments: [
            "", "2027-02-29", "2100-02-29", "2027-04-31", "2027-13-01", "2027-00-10", "2027-01-00",
            "2027-1-01",
            "27-01-01", "2027/01/01", "2027-01-01 ", "+027-01-01", "2027-01-1x", "٢٠٢٧-٠١-٠١",
            "2027-01-01-01",
        ])
    func noDays(_ text: String) {
        #expect(CalendarDay(text) == nil)
    }

    @Test("every day of four centuries is read as it is shown, one after the other")
    func everyDay() throws {
        let first = try #require(CalendarDay("1900-01-01")).daysSinceEpoch
        var previous = ""
        for days in first..<(first + 146_097) {
            let day = CalendarDay(daysSinceEpoch: days)
            let text = day.description
            guard CalendarDay(text) == day, text > previous else {
                Issue.record("\(text) after \(previous)")
                return
            }
            previous = text
        }
        #expect(previous == "2299-12-31")
    }

    @Test(
        "a time is shown in UTC to the second",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
            (1_767_960_000, "2026-01-09T12:00:00Z"),
            (951_827_696, "2000-02-29T12:34:56Z"), (86_399, "1970-01-01T23:59:59Z"),
        ])
    func knownTimes(_ seconds: Int64, _ text: String) {
        #expect(Timestamp(seconds: seconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text) == Timestamp(seconds: seconds))
    }

    @Test("a part of a second belongs to the second that has begun, before 1970 as well")
    func partsOfSeconds() {
        #expect(Timestamp(microseconds: 1_999_999).rfc3339 == "1970-01-01T00:00:01Z")
        #expect(Timestamp(microseconds: -1).rfc3339 == "1969-12-31T23:59:59Z")
        #expect(Timestamp(microseconds: -1).day == CalendarDay("1969-12-31"))
        #expect(Timestamp(seconds: 10).advanced(bySeconds: -11) < Timestamp(seconds: 0))
    }

    @Test(
        "what is not exactly that form is no time",
        arguments: [
            "", "2026-01-09", "2026-01-09T12:00:00", "2026-01-09 12:00:00Z", "2026-01-09T24:00:00Z",
            "2026-01-09T12:60:00Z", "2026-01-09T12:00:60Z", "2026-02-30T12:00:00Z", "2026-01-09T+1:02:03Z",
            "2026-01-09T1:002:03Z", "2026-01-09T:1:02:03Z", "2026-01-09T12:00:00z", "2026-01-09T-1:-2:-3",
        ])
    func noTimes(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("any second is read as it is shown", arguments: UInt64(1)...10)
    func roundTrip(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let time = Timestamp(seconds: Int64.random(in: -62_167_219_200...253_402_300_799, using: &random))
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
        }
    }
}
