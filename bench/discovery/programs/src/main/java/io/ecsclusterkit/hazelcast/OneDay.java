package io.ecsclusterkit.hazelcast;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A cluster's questions of a day: every member asks when it starts and joins, then the oldest at each check for others. */
public final class OneDay {

    /** Hazelcast's own: hazelcast.merge.first.run.delay.seconds and hazelcast.merge.next.run.delay.seconds. */
    private static final Duration FIRST_CHECK = Duration.ofSeconds(300);
    private static final Duration NEXT_CHECK = Duration.ofSeconds(120);

    private OneDay() {
    }

    /** @param args the URL of the canned region, and how many members the cluster has */
    public static void main(String[] args) {
        SteppedTime time = new SteppedTime();
        List<EcsDiscoveryStrategy> members = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(args[1]); i++) {
            EcsDiscoveryStrategy member = Bench.member(args[0], time);
            member.discoverLocalMetadata();
            Bench.count(member.discoverNodes());
            members.add(member);
        }
        time.pass(FIRST_CHECK);
        for (Duration day = FIRST_CHECK; day.compareTo(Duration.ofDays(1)) < 0; day = day.plus(NEXT_CHECK)) {
            Bench.count(members.get(0).discoverNodes());
            time.pass(NEXT_CHECK);
        }
        members.forEach(EcsDiscoveryStrategy::destroy);
    }
}
