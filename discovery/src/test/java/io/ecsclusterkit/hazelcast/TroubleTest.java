package io.ecsclusterkit.hazelcast;

import com.hazelcast.core.HazelcastException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Manners: what happens when the cloud does not answer as wanted. */
@Timeout(30)
class TroubleTest {

    private static final String OTHER = "lab-south-1";
    private static final Duration TICK = Duration.ofMinutes(2);

    private final Rig rig = new Rig();

    @AfterEach
    void close() {
        rig.close();
    }

    private String failure(EcsDiscoveryStrategy strategy) {
        return assertThrows(HazelcastException.class, strategy::discoverNodes).getMessage();
    }

    private Duration slept() {
        return rig.time.sleeps.stream().reduce(Duration.ZERO, Duration::plus);
    }

    /** Answers with these statuses first. */
    private void statuses(int... statuses) {
        AtomicInteger next = new AtomicInteger();
        rig.cloud.trouble = (seen, exchange) -> {
            int i = seen.path.endsWith("/detail") ? next.getAndIncrement() : statuses.length;
            if (i < statuses.length) {
                FakeCloud.answer(exchange, statuses[i], "{\"error_code\":\"APIGW.0308\",\"error_msg\":\"not now\"}");
                return true;
            }
            return false;
        };
    }

    private void twoRegions() {
        rig.keys().set("region", Rig.REGION + "," + OTHER, "project-id",
                FakeCloud.project(Rig.REGION) + "," + FakeCloud.project(OTHER));
        rig.here();
        rig.cloud.add(OTHER, FakeServer.at("10.9.0.1"));
    }

    @Test
    void passingTroubleAtTheStartIsOutwaited() {
        rig.keys().here();
        statuses(429, 500, 503, 502);
        assertEquals(List.of("127.0.0.1:5701"), Rig.nodes(rig.strategy()));
        assertEquals(4, rig.time.sleeps.size());
        assertEquals(1, rig.logged(Level.WARNING, "asking again for up to 60 s"));
    }

    @Test
    void pausesGrowWithJitter() {
        rig.keys().here();
        statuses(503, 503, 503, 503, 503, 503);
        Rig.nodes(rig.strategy());
        long[] most = {500, 1000, 2000, 4000, 8000, 8000};
        for (int i = 0; i < most.length; i++) {
            long pause = rig.time.sleeps.get(i).toMillis();
            assertTrue(pause >= most[i] / 2 && pause <= most[i], i + ": " + pause);
        }
    }

    @Test
    void lastingTroubleAtTheStartEndsTheMember() {
        rig.keys().here();
        rig.cloud.down();
        String sentence = failure(rig.strategy());
        assertTrue(sentence.contains("refuses connections") && sentence.contains("cluster within 60 s: "), sentence);
        assertEquals(60, slept().toSeconds(), 1);
    }

    @Test
    void theDeadlineCanBeSet() {
        rig.keys().set("discovery-deadline-seconds", "7").here();
        rig.cloud.down();
        assertTrue(failure(rig.strategy()).contains("within 7 s"));
        assertEquals(7, slept().toSeconds(), 1);
    }

    @Test
    void anApiThatComesBackIsUsed() {
        rig.keys().here();
        rig.cloud.down();
        rig.time.afterSleep = () -> {
            if (rig.time.sleeps.size() == 4) {
                rig.cloud.up();
            }
        };
        assertEquals(List.of("127.0.0.1:5701"), Rig.nodes(rig.strategy()));
    }

    @Test
    void aServerThatIsNotListedYetIsWaitedFor() {
        FakeServer here = rig.keys().set("tag-key", "hazelcast", "tag-value", "a").here().status("BUILD").tag("hazelcast", "a");
        rig.cloud.add(Rig.REGION, FakeServer.at("10.0.0.2").tag("hazelcast", "a"));
        rig.time.afterSleep = () -> {
            if (rig.time.sleeps.size() == 3) {
                here.status("ACTIVE");
            }
        };
        assertEquals(List.of("127.0.0.1:5701", "10.0.0.2:5701"), Rig.nodes(rig.strategy()));
        assertEquals(3, rig.time.sleeps.size());
    }

    @Test
    void aServerThatIsNeverListedIsToldWhy() {
        rig.keys().set("tag-key", "hazelcast", "tag-value", "a").here();
        rig.cloud.add(Rig.REGION, FakeServer.at("10.0.0.2").tag("hazelcast", "a"));
        String sentence = failure(rig.strategy());
        assertTrue(sentence.contains("this server (127.0.0.1) is not (yet) among the 1 ACTIVE servers tagged {hazelcast=a}"), sentence);
    }

    @Test
    void anEmptyListIsTroubleToo() {
        rig.keys().cloud.regions.put(Rig.REGION, List.of());
        assertTrue(failure(rig.strategy()).contains("not (yet) among the 0 ACTIVE servers"));
    }

    @Test
    void aRegionThatIsMissingAtTheStartIsTrouble() {
        twoRegions();
        rig.cloud.trouble = (seen, exchange) -> {
            if (seen.path.startsWith("/" + OTHER)) {
                FakeCloud.answer(exchange, 503, "");
                return true;
            }
            return false;
        };
        assertTrue(failure(rig.strategy()).contains("answered 503"));
        long asked = rig.cloud.requests.stream().filter(seen -> seen.path.startsWith("/" + Rig.REGION)).count();
        assertEquals(1, asked, "what has answered is not asked again");
    }

    @Test
    void laterTheLastGoodListOfARegionStandsIn() {
        twoRegions();
        EcsDiscoveryStrategy strategy = rig.strategy();
        Rig.nodes(strategy);
        rig.cloud.add(Rig.REGION, FakeServer.at("10.0.0.2"));
        rig.cloud.trouble = (seen, exchange) -> {
            if (seen.path.startsWith("/" + OTHER)) {
                FakeCloud.answer(exchange, 503, "");
                return true;
            }
            return false;
        };
        for (int i = 0; i < 3; i++) {
            rig.time.pass(TICK);
            assertEquals(List.of("127.0.0.1:5701", "10.0.0.2:5701", "10.9.0.1:5701"), Rig.nodes(strategy));
        }
        assertEquals(1, rig.logged(Level.WARNING, "the last good list stays in use"));
        rig.cloud.trouble = (seen, exchange) -> false;
        rig.time.pass(TICK);
        Rig.nodes(strategy);
        assertEquals(1, rig.logged(Level.INFO, "can be listed again"));
    }

    @Test
    void eachOutageGetsItsOwnWarning() {
        rig.keys().here();
        EcsDiscoveryStrategy strategy = rig.strategy();
        Rig.nodes(strategy);
        for (int outage = 0; outage < 2; outage++) {
            rig.cloud.down();
            for (int i = 0; i < 2; i++) {
                rig.time.pass(TICK);
                assertEquals(List.of("127.0.0.1:5701"), Rig.nodes(strategy));
            }
            rig.cloud.up();
            rig.time.pass(TICK);
            Rig.nodes(strategy);
        }
        assertEquals(2, rig.logged(Level.WARNING, "the last good list stays in use"));
    }

    @Test
    void laterAnEmptyListIsNotBelieved() {
        rig.keys().here();
        rig.cloud.add(Rig.REGION, FakeServer.at("10.0.0.2"));
        EcsDiscoveryStrategy strategy = rig.strategy();
        Rig.nodes(strategy);
        rig.cloud.regions.put(Rig.REGION, List.of());
        rig.time.pass(TICK);
        assertEquals(List.of("127.0.0.1:5701", "10.0.0.2:5701"), Rig.nodes(strategy));
    }

    @Test
    void laterAMetadataOutageKeepsThisServersAddress() {
        rig.metadata().here();
        EcsDiscoveryStrategy strategy = rig.strategy();
        Rig.nodes(strategy);
        rig.cloud.down();
        rig.time.pass(TICK);
        assertEquals(List.of("127.0.0.1:5701"), Rig.nodes(strategy));
    }

    @Test
    void anAgencyThatIsTakenAwayIsAnOutage() {
        rig.agency().here();
        rig.cloud.add(Rig.REGION, FakeServer.at("10.0.0.2"));
        EcsDiscoveryStrategy strategy = rig.strategy();
        Rig.nodes(strategy);
        rig.cloud.agency = false;
        rig.time.pass(Duration.ofHours(2));
        assertEquals(List.of("127.0.0.1:5701", "10.0.0.2:5701"), Rig.nodes(strategy));
        assertEquals(1, rig.logged(Level.WARNING, "no agency any more"));
    }

    @Test
    void theJoinerIsAnsweredFromACache() {
        rig.keys().here();
        EcsDiscoveryStrategy strategy = rig.strategy();
        for (int i = 0; i < 15; i++) {
            Rig.nodes(strategy);
            rig.time.pass(Duration.ofMillis(300));
        }
        assertEquals(1, rig.cloud.requests.size());
        rig.time.pass(Duration.ofSeconds(1));
        Rig.nodes(strategy);
        assertEquals(2, rig.cloud.requests.size());
    }

    @Test
    void aWrongKeyIsSaidAtOnceAndHeldBackForAMinute() {
        rig.keys().set("access-key", "AKWRONGWRONGWRONG001").here();
        rig.time.afterSleep = () -> assertEquals(1, rig.logged(Level.SEVERE, "the secret key does not belong to the access key"));
        String sentence = failure(rig.strategy());
        assertTrue(sentence.contains("the secret key does not belong to the access key"), sentence);
        assertEquals(List.of(Duration.ofSeconds(60)), rig.time.sleeps);
        assertEquals(1, rig.cloud.requests.size());
    }

    @Test
    void aRefusedGlanceCountsAsTheOneRequestOfTheMinute() {
        twoRegions();
        rig.set("access-key", "AKWRONGWRONGWRONG001", "tag-key", "hazelcast", "instance-id", "x");
        EcsDiscoveryStrategy strategy = rig.strategy();
        strategy.discoverLocalMetadata();
        rig.time.pass(Duration.ofSeconds(10));
        failure(strategy);
        assertEquals(List.of(Duration.ofSeconds(50)), rig.time.sleeps);
        assertEquals(1, rig.cloud.requests.size(), "one request over all regions and calls");
    }

    @Test
    void aWrongKeyIsShownToOneRegionOnly() {
        twoRegions();
        rig.set("access-key", "AKWRONGWRONGWRONG001");
        failure(rig.strategy());
        assertEquals(1, rig.cloud.requests.size());
    }

    @Test
    void regionsAreAskedSideBySideOnceTheKeyIsProven() throws InterruptedException {
        String third = "lab-west-1";
        twoRegions();
        rig.set("region", Rig.REGION + "," + OTHER + "," + third, "project-id", FakeCloud.project(Rig.REGION) + ","
                + FakeCloud.project(OTHER) + "," + FakeCloud.project(third));
        rig.cloud.add(third, FakeServer.at("10.8.0.1"));
        CountDownLatch both = new CountDownLatch(2);
        AtomicInteger first = new AtomicInteger();
        rig.cloud.trouble = (seen, exchange) -> {
            if (first.getAndIncrement() > 0) {
                both.countDown();
                await(both);
            }
            return false;
        };
        assertEquals(3, Rig.nodes(rig.strategy()).size());
        assertEquals(0, both.getCount());
    }

    /** Hazelcast's own intervals: the oldest member checks for other clusters after 300 s, then every 120 s. */
    @Test
    void aDayOfTenMembersStaysWithinItsRequests() {
        rig.keys().set("tag-key", "hazelcast").here().tag("hazelcast", "a");
        List<EcsDiscoveryStrategy> members = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            EcsDiscoveryStrategy member = rig.strategy();
            member.discoverLocalMetadata();
            Rig.nodes(member);
            members.add(member);
        }
        for (Duration day = Duration.ofSeconds(300); day.compareTo(Duration.ofDays(1)) < 0; day = day.plus(TICK)) {
            rig.time.pass(TICK);
            Rig.nodes(members.get(0));
        }
        assertEquals(10 * 2 + 718, rig.cloud.authorised().size());
    }

    @Test
    void aClientNeedNotBeInTheList() {
        rig.keys();
        rig.cloud.add(Rig.REGION, FakeServer.at("10.0.0.2"));
        assertEquals(List.of("10.0.0.2:5701"), Rig.nodes(rig.client()));
        rig.cloud.regions.clear();
        assertTrue(failure(rig.client()).contains("there is no server among the 0 ACTIVE servers"));
    }

    @Test
    void aMemberThatOthersWillNotFindIsTold() {
        rig.keys().here();
        rig.strategy(5704).start();
        assertEquals(1, rig.logged(Level.WARNING, "This member listens on port 5704, but members are looked for on port 5701"));
        rig.strategy().start();
        assertEquals(1, rig.log.size());
    }

    @Test
    void aRegionThatLooksLikeAZoneIsPointedOut() {
        rig.keys().set("region", "cn-north-4a");
        rig.strategy().start();
        assertEquals(1, rig.logged(Level.WARNING, "its region is 'cn-north-4'"));
    }

    @Test
    void aKeyThatEndsLaterIsTriedOnceAMinute() {
        twoRegions();
        EcsDiscoveryStrategy strategy = rig.strategy();
        Rig.nodes(strategy);
        rig.cloud.accessKey = "AKROTATED";
        int before = rig.cloud.requests.size();
        for (int i = 0; i < 12; i++) {
            rig.time.pass(Duration.ofSeconds(10));
            assertEquals(List.of("127.0.0.1:5701", "10.9.0.1:5701"), Rig.nodes(strategy));
        }
        assertEquals(2, rig.cloud.requests.size() - before);
        assertEquals(1, rig.logged(Level.WARNING, "the last good list stays in use"));
        assertEquals(0, rig.time.sleeps.size());
        rig.cloud.accessKey = FakeCloud.ACCESS_KEY;
        rig.time.pass(Duration.ofMinutes(1));
        Rig.nodes(strategy);
        assertEquals(1, rig.logged(Level.INFO, "can be listed again"));
    }

    @Test
    void aWrongPasswordIsHeldBackToo() {
        rig.login().set("iam-password", "wrong").here();
        EcsDiscoveryStrategy strategy = rig.strategy();
        strategy.discoverLocalMetadata();
        String sentence = failure(strategy);
        assertTrue(sentence.contains("the credentials were refused"), sentence);
        assertEquals(1, rig.cloud.requests.size());
        assertEquals(60, slept().toSeconds());
    }

    @Test
    void aMissingPermissionIsNamed() {
        rig.keys().set("project-id", "somebody-elses").here();
        String sentence = failure(rig.strategy());
        assertTrue(sentence.contains("lacks the permission ecs:cloudServers:list"), sentence);
        assertEquals(60, slept().toSeconds());
    }

    @ParameterizedTest
    @ValueSource(ints = {-20, 20, 300})
    void aClockThatIsOffIsNamed(int minutes) {
        rig.keys().set("access-key", "AKWRONGWRONGWRONG001").here();
        rig.time.skew(Duration.ofMinutes(minutes));
        String sentence = failure(rig.strategy());
        String off = minutes == 300 ? "5 hours ahead of" : minutes < 0 ? "minutes behind" : "20 minutes ahead of";
        assertTrue(sentence.contains("this server's clock is ") && sentence.contains(off), sentence);
    }

    @Test
    void aLockedKeyIsNamed() {
        rig.keys().here();
        rig.cloud.trouble = (seen, exchange) -> {
            FakeCloud.answer(exchange, 401, "{\"error_msg\":\"AK access failed to reach the limit,forbidden\",\"error_code\":\"APIGW.0301\"}");
            return true;
        };
        assertTrue(failure(rig.strategy()).contains("locked for five minutes"));
    }

    @Test
    void aRequestTheApiRejectsFailsAtOnce() {
        rig.keys().here();
        rig.cloud.trouble = (seen, exchange) -> {
            FakeCloud.answer(exchange, 400, "{\"error\":{\"code\":\"Ecs.0005\",\"message\":\"Invalid parameter\"}}");
            return true;
        };
        assertTrue(failure(rig.strategy()).contains("answered 400 Ecs.0005 Invalid parameter"));
        assertEquals(0, rig.time.sleeps.size());
    }

    @Test
    void whoAllowsItStartsAloneAndIsToldOnce() {
        rig.keys().set("allow-standalone", "true").here();
        rig.cloud.down();
        EcsDiscoveryStrategy strategy = rig.strategy();
        assertEquals(List.of(), Rig.nodes(strategy));
        rig.time.pass(TICK);
        assertEquals(List.of(), Rig.nodes(strategy));
        assertEquals(1, rig.logged(Level.WARNING, "starts alone"));
        rig.cloud.up();
        rig.time.pass(TICK);
        assertEquals(List.of("127.0.0.1:5701"), Rig.nodes(strategy));
    }

    @Test
    void whoAllowsItDoesNotWaitTheMinute() {
        rig.keys().set("allow-standalone", "true", "access-key", "AKWRONGWRONGWRONG001").here();
        EcsDiscoveryStrategy strategy = rig.strategy();
        for (int i = 0; i < 6; i++) {
            assertEquals(List.of(), Rig.nodes(strategy));
            rig.time.pass(Duration.ofSeconds(9));
        }
        assertEquals(0, slept().toSeconds());
        assertEquals(1, rig.cloud.requests.size());
    }

    @Test
    void pagesAreReadToTheEnd() {
        rig.keys().here();
        for (int i = 0; i < 2050; i++) {
            rig.cloud.add(Rig.REGION, FakeServer.at("10." + i / 250 + ".1." + i % 250));
        }
        assertEquals(2051, Rig.nodes(rig.strategy()).size());
        assertEquals(3, rig.cloud.requests.size());
    }

    @Test
    void aFullPageThatIsAllTakesOneRequest() {
        rig.keys().here();
        for (int i = 1; i < 1000; i++) {
            rig.cloud.add(Rig.REGION, FakeServer.at("10." + i / 250 + ".1." + i % 250));
        }
        assertEquals(1000, Rig.nodes(rig.strategy()).size());
        assertEquals(1, rig.cloud.requests.size());
    }

    @Test
    void withoutACountPagesAreReadUntilOneIsNotFull() {
        rig.keys().here();
        for (int i = 0; i < 1500; i++) {
            rig.cloud.add(Rig.REGION, FakeServer.at("10." + i / 250 + ".1." + i % 250));
        }
        rig.cloud.counts = false;
        assertEquals(1501, Rig.nodes(rig.strategy()).size());
        assertEquals(2, rig.cloud.requests.size());
    }

    @Test
    void smallerPagesThanAskedForAreReadToTheEndToo() {
        rig.keys().here();
        rig.cloud.pageCap = 10;
        for (int i = 0; i < 35; i++) {
            rig.cloud.add(Rig.REGION, FakeServer.at("10.0.1." + i));
        }
        assertEquals(36, Rig.nodes(rig.strategy()).size());
    }

    @Test
    void aPageThatComesAgainIsTroubleNotALoop() {
        rig.keys().set("discovery-deadline-seconds", "1").here();
        rig.cloud.trouble = (seen, exchange) -> {
            FakeCloud.answer(exchange, 200, "{\"count\":900,\"servers\":[" + rig.cloud.host.json() + "]}");
            return true;
        };
        assertTrue(failure(rig.strategy()).contains("repeats itself"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{\"servers\":null}", "<html>", "{\"servers\":[{\"id\":\"x\",", "{\"servers\":[{\"name\":\"x\"}]}",
        "{\"count\":\"many\",\"servers\":[]}", "[]"})
    void anAnswerThatIsNoListIsTrouble(String body) {
        rig.keys().set("discovery-deadline-seconds", "1").here();
        rig.cloud.trouble = (seen, exchange) -> {
            FakeCloud.answer(exchange, 200, body);
            return true;
        };
        assertTrue(failure(rig.strategy()).contains("could not be read"));
    }

    @Test
    void aConnectionThatBreaksInTheMiddleIsTrouble() {
        rig.keys().here();
        AtomicInteger broken = new AtomicInteger();
        rig.cloud.trouble = (seen, exchange) -> {
            if (broken.getAndIncrement() > 1) {
                return false;
            }
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write("{\"servers\":[".getBytes());
            exchange.getResponseBody().flush();
            return true;
        };
        assertEquals(List.of("127.0.0.1:5701"), Rig.nodes(rig.strategy()));
        assertTrue(broken.get() > 1);
    }

    @Test
    void anAnswerThatStopsIsGivenUp() {
        rig.keys().set("read-timeout-seconds", "1").here();
        CountDownLatch end = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        rig.cloud.trouble = (seen, exchange) -> {
            int call = calls.getAndIncrement();
            if (call > 1) {
                return false;
            }
            if (call == 1) {
                exchange.sendResponseHeaders(200, 1000);
                exchange.getResponseBody().write("{\"servers\":[".getBytes());
                exchange.getResponseBody().flush();
            }
            await(end);
            return true;
        };
        long start = System.nanoTime();
        rig.set("connect-timeout-seconds", "1");
        assertEquals(List.of("127.0.0.1:5701"), Rig.nodes(rig.strategy()));
        end.countDown();
        assertTrue(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start) < 8);
        assertEquals(1, rig.logged(Level.WARNING, "did not answer in time"));
    }

    @Test
    void theListTellsTheZoneWhileMetadataHangs() {
        rig.keys().metadata().here().zone("lab-north-1c");
        CountDownLatch end = new CountDownLatch(1);
        rig.cloud.trouble = (seen, exchange) -> {
            if (seen.path.startsWith("/openstack/")) {
                await(end);
                return true;
            }
            return false;
        };
        EcsDiscoveryStrategy strategy = new EcsDiscoveryStrategy(Rig.address(5701), rig.logger(), EcsConfig.of(rig.properties),
                new SystemTime());
        assertEquals("lab-north-1/lab-north-1c", strategy.discoverLocalMetadata().get("hazelcast.partition.group.zone"));
        assertEquals(0, rig.logged(Level.INFO, "zone could not be learnt"));
        strategy.destroy();
        end.countDown();
    }

    @Test
    void theLocalMetadataTakesTwoSecondsAtMost() {
        rig.agency().here();
        CountDownLatch end = new CountDownLatch(1);
        rig.cloud.trouble = (seen, exchange) -> {
            await(end);
            return true;
        };
        EcsDiscoveryStrategy strategy = rig.strategy();
        long start = System.nanoTime();
        assertEquals("unknown/unknown", strategy.discoverLocalMetadata().get("hazelcast.partition.group.zone"));
        assertTrue(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) < 2000);
        assertEquals(1, rig.logged(Level.INFO, "zone could not be learnt in time"));
        end.countDown();
    }

    @Test
    void aShutdownEndsTheWait() throws InterruptedException {
        rig.keys().set("access-key", "AKWRONGWRONGWRONG001").here();
        SystemTime time = new SystemTime();
        EcsDiscoveryStrategy strategy = new EcsDiscoveryStrategy(Rig.address(5701), rig.logger(), EcsConfig.of(rig.properties), time);
        Thread waiting = new Thread(() -> assertThrows(HazelcastException.class, strategy::discoverNodes));
        waiting.start();
        while (rig.logged(Level.SEVERE, "held back") == 0) {
            Thread.sleep(10);
        }
        strategy.destroy();
        waiting.join(2000);
        assertTrue(!waiting.isAlive());
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
