package io.ecsclusterkit.hazelcast;

import com.hazelcast.config.Config;
import com.hazelcast.core.DistributedObject;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.instance.BuildInfoProvider;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

import static org.junit.jupiter.api.Assertions.assertEquals;

/**
 * What HZ-2797 does to members that join a running cluster in one batch, and that joins one after the other avoid it.
 *
 * <p>Up to 5.3.1 the master keeps the registrations which the last of a batch brings with it and drops the others'
 * (hazelcast pull requests 25114, 25153): those members hear of no object that is made later on another member.
 */
@Timeout(60)
class JoinTogetherTest {

    private static final Set<String> BROKEN = Set.of("5.3.0", "5.3.1");
    /** Longer than an event takes, by far. */
    private static final Duration LATE = Duration.ofSeconds(5);

    private final Members members = new Members();

    JoinTogetherTest() {
        members.rig.agency().set("port", members.ports(), "tag-key", "hazelcast").here().tag("hazelcast", "a");
    }

    @AfterEach
    void close() {
        members.close();
    }

    private HazelcastInstance running() {
        // The batch stays open for this long after its first request, so both requests are in it.
        return Hazelcast.newHazelcastInstance(config(0).setProperty("hazelcast.wait.seconds.before.join", "3"));
    }

    private Config config(int number) {
        return members.config(members.firstPort + number);
    }

    private static long thatHear(HazelcastInstance maker, List<HazelcastInstance> others) throws InterruptedException {
        maker.getMap("made-later");
        Predicate<HazelcastInstance> hears = member -> member.getDistributedObjects().stream()
                .map(DistributedObject::getName).anyMatch("made-later"::equals);
        await(() -> others.stream().allMatch(hears));
        return others.stream().filter(hears).count();
    }

    /** Members hear of each other one after the other. */
    private static void areOneCluster(HazelcastInstance first, List<HazelcastInstance> others) throws InterruptedException {
        List<HazelcastInstance> all = new ArrayList<>(others);
        all.add(first);
        await(() -> all.stream().allMatch(member -> member.getCluster().getMembers().size() == all.size()));
        all.forEach(member -> assertEquals(all.size(), member.getCluster().getMembers().size()));
    }

    /** Until it is so, or what is to come would have come. */
    private static void await(BooleanSupplier so) throws InterruptedException {
        for (long end = System.nanoTime() + LATE.toNanos(); System.nanoTime() < end && !so.getAsBoolean(); ) {
            Thread.sleep(50);
        }
    }

    @Test
    void ofMembersThatJoinInOneBatchOnlyTheLastHearsOfNewObjects() throws InterruptedException {
        HazelcastInstance first = running();
        List<HazelcastInstance> together = Members.start(List.of(config(1), config(2)));
        areOneCluster(first, together);
        boolean broken = BROKEN.contains(BuildInfoProvider.getBuildInfo().getVersion());
        assertEquals(broken ? 1 : 2, thatHear(first, together));
    }

    @Test
    void membersThatJoinOneAfterTheOtherAllHearOfNewObjects() throws InterruptedException {
        HazelcastInstance first = running();
        List<HazelcastInstance> apart = List.of(
                Hazelcast.newHazelcastInstance(config(1)), Hazelcast.newHazelcastInstance(config(2)));
        areOneCluster(first, apart);
        assertEquals(2, thatHear(first, apart));
    }
}
