package io.ecsclusterkit.hazelcast;

import com.hazelcast.core.HazelcastException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What is discovered, by mode, tags, regions and networks. */
class ModesTest {

    private static final String OTHER = "lab-south-1";

    private final Rig rig = new Rig();

    @AfterEach
    void close() {
        rig.close();
    }

    private List<String> nodes() {
        return Rig.nodes(rig.strategy());
    }

    private FakeServer peer(String ip) {
        return rig.cloud.add(Rig.REGION, FakeServer.at(ip));
    }

    private String failure() {
        return assertThrows(HazelcastException.class, this::nodes).getMessage();
    }

    @Test
    void signedRequestsListAllActiveServersOnEveryPort() {
        rig.keys().set("port", "5701-5702").here();
        peer("10.0.0.2");
        peer("10.0.0.3").status("SHUTOFF");
        peer("10.0.0.4").status("REBOOT");
        peer("10.0.0.5").status("BUILD");
        assertEquals(List.of("127.0.0.1:5701", "127.0.0.1:5702", "10.0.0.2:5701", "10.0.0.2:5702"), nodes());
        assertEquals(1, rig.cloud.requests.size());
    }

    @Test
    void aMissingProjectIsLookedUpByRegion() {
        rig.keys().here();
        rig.properties.remove("project-id");
        assertEquals(List.of("127.0.0.1:5701"), nodes());
        assertEquals(Rig.REGION, rig.cloud.to("/v3/projects").get(0).one("name"));
    }

    @Test
    void aRegionWithoutProjectSaysWhatToGive() {
        rig.keys().set("region", "lab-north-1a");
        rig.properties.remove("project-id");
        String sentence = failure();
        assertTrue(sentence.contains("give project-id"), sentence);
        assertTrue(sentence.contains("its region is 'lab-north-1'"), sentence);
    }

    @Test
    void aLoginGetsATokenOnce() {
        rig.login().here();
        EcsDiscoveryStrategy strategy = rig.strategy();
        assertEquals(List.of("127.0.0.1:5701"), Rig.nodes(strategy));
        rig.time.pass(Duration.ofHours(1));
        Rig.nodes(strategy);
        assertEquals(1, rig.cloud.tokensGiven);
        assertTrue(rig.cloud.to("/auth/tokens").get(0).body.contains("\"scope\":{\"project\":{\"id\":\"project-of-lab-north-1\"}}"));
    }

    @Test
    void aTokenIsRenewedBeforeItEnds() {
        rig.login().here();
        EcsDiscoveryStrategy strategy = rig.strategy();
        Rig.nodes(strategy);
        rig.time.pass(Duration.ofHours(24).minusMinutes(4));
        Rig.nodes(strategy);
        assertEquals(2, rig.cloud.tokensGiven);
    }

    @Test
    void aRefusedTokenIsRenewedOnce() {
        rig.login().here();
        EcsDiscoveryStrategy strategy = rig.strategy();
        Rig.nodes(strategy);
        rig.cloud.tokens.clear();
        rig.time.pass(Duration.ofMinutes(1));
        assertEquals(List.of("127.0.0.1:5701"), Rig.nodes(strategy));
        assertEquals(2, rig.cloud.tokensGiven);
        assertEquals(0, rig.logged(Level.WARNING, ""));
    }

    @Test
    void aLoginFindsTheProjectItself() {
        rig.login().here();
        rig.properties.remove("project-id");
        assertEquals(List.of("127.0.0.1:5701"), nodes());
        assertTrue(rig.cloud.to("/auth/tokens").get(0).body.contains("\"scope\":{\"project\":{\"name\":\"lab-north-1\"}}"));
        assertEquals(1, rig.cloud.tokensGiven);
    }

    @Test
    void anAgencyListsTheServers() {
        rig.agency().here();
        peer("10.0.0.2");
        assertEquals(List.of("127.0.0.1:5701", "10.0.0.2:5701"), nodes());
        FakeCloud.Seen list = rig.cloud.to("/cloudservers/detail").get(0);
        assertEquals("/lab-north-1/v1/project-of-lab-north-1/cloudservers/detail", list.path);
        assertEquals(FakeCloud.AGENCY_TOKEN, list.headers.get("x-security-token"));
    }

    @Test
    void anAgencysKeyIsFetchedAgainBeforeItEnds() {
        rig.agency().here();
        EcsDiscoveryStrategy strategy = rig.strategy();
        Rig.nodes(strategy);
        rig.time.pass(Duration.ofMinutes(2));
        Rig.nodes(strategy);
        assertEquals(1, rig.cloud.to("/securitykey").size());
        rig.cloud.agencyAccess = "HSTAROTATEDROTATEDRO";
        rig.cloud.agencyKeyEnds = Instant.now().plusSeconds(7200);
        rig.time.pass(Duration.ofMinutes(54));
        Rig.nodes(strategy);
        assertEquals(2, rig.cloud.to("/securitykey").size());
        assertEquals(0, rig.logged(Level.WARNING, ""));
    }

    @Test
    void anAgencysKeyThatWasRotatedEarlyIsFetchedAgain() {
        rig.agency().here();
        EcsDiscoveryStrategy strategy = rig.strategy();
        Rig.nodes(strategy);
        rig.cloud.agencyAccess = "HSTAROTATEDROTATEDRO";
        rig.time.pass(Duration.ofMinutes(2));
        assertEquals(List.of("127.0.0.1:5701"), Rig.nodes(strategy));
        assertEquals(0, rig.logged(Level.WARNING, ""));
    }

    @Test
    void withoutAnAgencyMembersAreLookedForOnThisServer() {
        rig.metadata().set("port", "5703").here();
        peer("10.0.0.2");
        assertEquals(List.of("127.0.0.1:5701", "127.0.0.1:5702", "127.0.0.1:5703"), nodes());
        assertEquals(1, rig.logged(Level.INFO, "no agency"));
        assertEquals(0, rig.cloud.authorised().size());
    }

    @Test
    void withoutAnAgencyTagsCannotBeLookedFor() {
        rig.metadata().set("tag-key", "hazelcast").here();
        assertTrue(failure().contains("give it an agency with the permission ecs:cloudServers:list"));
    }

    @Test
    void metadataThatWantsATokenGetsOne() {
        rig.agency().here();
        rig.cloud.metadataWantsToken = true;
        EcsDiscoveryStrategy strategy = rig.strategy();
        assertEquals(List.of("127.0.0.1:5701"), Rig.nodes(strategy));
        assertEquals(1, rig.cloud.metadataTokensGiven);
        // The token ends: the next question gets a new one.
        rig.cloud.metadataTokensGiven = 5;
        rig.time.pass(Duration.ofHours(7));
        Rig.nodes(strategy);
        assertEquals(6, rig.cloud.metadataTokensGiven);
    }

    @Test
    void metadataThatWantsATokenWithoutAgencyIsStillNoAgency() {
        rig.metadata().here();
        rig.cloud.metadataWantsToken = true;
        assertEquals(List.of("127.0.0.1:5701"), nodes());
    }

    @Test
    void keysGivenBesideMetadataSignTheRequests() {
        rig.metadata().set("access-key", FakeCloud.ACCESS_KEY, "secret-key", FakeCloud.SECRET_KEY).here();
        assertEquals(List.of("127.0.0.1:5701"), nodes());
        assertEquals(0, rig.cloud.to("/securitykey").size());
        assertEquals(1, rig.cloud.to("/meta_data.json").size());
    }

    @Test
    void aLoginGivenBesideMetadataIsUsed() {
        rig.metadata().set("iam-domain", "domain1", "iam-user", "user1", "iam-password", FakeCloud.PASSWORD).here();
        assertEquals(List.of("127.0.0.1:5701"), nodes());
        assertEquals(1, rig.cloud.tokensGiven);
    }

    @Test
    void whatIsGivenWinsOverMetadata() {
        rig.agency().set("region", OTHER, "project-id", FakeCloud.project(OTHER), "tag-key", "hazelcast");
        rig.here().tag("hazelcast", "wrong");
        FakeServer anchor = rig.cloud.add(OTHER, FakeServer.at("10.1.0.9").tag("hazelcast", "a"));
        rig.cloud.add(OTHER, FakeServer.at(Rig.HERE).tag("hazelcast", "a"));
        rig.set("instance-id", anchor.id);
        assertEquals(List.of("10.1.0.9:5701", "127.0.0.1:5701"), nodes());
    }

    @Test
    void aGivenRegionThatIsTheServersOwnTakesItsProject() {
        rig.agency().set("region", Rig.REGION).here();
        assertEquals(List.of("127.0.0.1:5701"), nodes());
        assertEquals(0, rig.cloud.to("/v3/projects").size());
    }

    @Test
    void aTagKeyMeansTheAnchorsValue() {
        rig.keys().set("tag-key", "hazelcast").here().tag("hazelcast", "prod-a");
        FakeServer anchor = peer("10.0.0.2").tag("hazelcast", "prod-a");
        peer("10.0.0.3").tag("hazelcast", "prod-b");
        peer("10.0.0.4");
        rig.set("instance-id", anchor.id);
        assertEquals(List.of("127.0.0.1:5701", "10.0.0.2:5701"), nodes());
        assertEquals(List.of("hazelcast=prod-a"), rig.cloud.requests.get(1).query.get("tags"));
        assertEquals("ACTIVE", rig.cloud.requests.get(1).one("status"));
        assertEquals(2, rig.cloud.requests.size());
    }

    @Test
    void inMetadataModeTheAnchorIsThisServer() {
        rig.agency().set("tag-key", "hazelcast").here().tag("hazelcast", "prod-a");
        peer("10.0.0.2").tag("hazelcast", "prod-a");
        peer("10.0.0.3").tag("hazelcast", "prod-b");
        assertEquals(List.of("127.0.0.1:5701", "10.0.0.2:5701"), nodes());
    }

    @Test
    void severalTagKeysAllHaveToMatchTheAnchor() {
        rig.agency().set("tag-key", "hazelcast, env").here().tag("hazelcast", "a").tag("env", "");
        peer("10.0.0.2").tag("hazelcast", "a").tag("env", "");
        peer("10.0.0.3").tag("hazelcast", "a");
        peer("10.0.0.4").tag("hazelcast", "a").tag("env", "test");
        assertEquals(List.of("127.0.0.1:5701", "10.0.0.2:5701"), nodes());
    }

    @Test
    void tagsAndValuesPairUp() {
        rig.keys().set("tag-key", "hazelcast,env", "tag-value", "a,test").here().tag("hazelcast", "a").tag("env", "test");
        peer("10.0.0.2").tag("hazelcast", "a").tag("env", "test");
        peer("10.0.0.3").tag("hazelcast", "test").tag("env", "a");
        assertEquals(List.of("127.0.0.1:5701", "10.0.0.2:5701"), nodes());
        assertEquals(List.of("env=test", "hazelcast=a"), rig.cloud.requests.get(0).query.get("tags"));
    }

    @Test
    void anAnchorThatIsGoneLeavesThisServersOwnTags() {
        rig.keys().set("tag-key", "hazelcast", "instance-id", "3f0c7b9e-gone").here().tag("hazelcast", "a");
        peer("10.0.0.2").tag("hazelcast", "a");
        assertEquals(List.of("127.0.0.1:5701", "10.0.0.2:5701"), nodes());
        assertEquals(1, rig.logged(Level.WARNING, "does not exist any more"));
        assertEquals(Rig.HERE, rig.cloud.requests.get(1).one("ip_eq"));
    }

    @Test
    void anAnchorThatIsShownAsAnEmptyShellIsGone() {
        rig.keys().set("tag-key", "hazelcast", "instance-id", "3f0c7b9e-gone").here().tag("hazelcast", "a");
        rig.cloud.trouble = (seen, exchange) -> {
            if (seen.query.containsKey("server_id")) {
                FakeCloud.answer(exchange, 200, "{\"count\":1,\"servers\":[{\"id\":\"3f0c7b9e-gone\",\"fault\":{\"code\":404},"
                        + "\"tags\":null,\"addresses\":null,\"status\":null,\"metadata\":null}]}");
                return true;
            }
            return false;
        };
        assertEquals(List.of("127.0.0.1:5701"), nodes());
        assertEquals(1, rig.logged(Level.WARNING, "does not exist any more"));
    }

    @Test
    void anAnchorThatIsGoneIsWarnedOfOnce() {
        FakeServer here = rig.keys().set("tag-key", "hazelcast", "instance-id", "3f0c7b9e-gone").here().tag("hazelcast", "a");
        here.status("BUILD");
        rig.time.afterSleep = () -> {
            if (rig.time.sleeps.size() == 3) {
                here.status("ACTIVE");
            }
        };
        assertEquals(List.of("127.0.0.1:5701"), nodes());
        assertEquals(1, rig.logged(Level.WARNING, "does not exist any more"));
    }

    @Test
    void anAnchorIsNotGoneWhileOneRegionDoesNotAnswer() {
        rig.keys().set("region", Rig.REGION + "," + OTHER, "project-id",
                FakeCloud.project(Rig.REGION) + "," + FakeCloud.project(OTHER), "tag-key", "hazelcast");
        rig.here().tag("hazelcast", "wrong");
        FakeServer anchor = rig.cloud.add(OTHER, FakeServer.at("10.9.0.1").tag("hazelcast", "a"));
        rig.cloud.add(Rig.REGION, FakeServer.at(Rig.HERE).tag("hazelcast", "a"));
        rig.set("instance-id", anchor.id);
        rig.cloud.trouble = (seen, exchange) -> {
            if (rig.time.sleeps.isEmpty() && seen.path.startsWith("/" + OTHER)) {
                FakeCloud.answer(exchange, 503, "");
                return true;
            }
            return false;
        };
        assertEquals(List.of("127.0.0.1:5701", "10.9.0.1:5701"), nodes());
        assertEquals(1, rig.time.sleeps.size());
        assertEquals(0, rig.logged(Level.WARNING, "does not exist any more"));
    }

    @Test
    void anAnchorThatIsFoundNeedsNoOtherRegionsAnswer() {
        rig.keys().set("region", Rig.REGION + "," + OTHER, "project-id",
                FakeCloud.project(Rig.REGION) + "," + FakeCloud.project(OTHER), "tag-key", "hazelcast");
        FakeServer here = rig.here().tag("hazelcast", "a");
        rig.set("instance-id", here.id, "discovery-deadline-seconds", "1");
        rig.cloud.trouble = (seen, exchange) -> {
            if (seen.path.startsWith("/" + OTHER) && seen.query.containsKey("server_id")) {
                FakeCloud.answer(exchange, 503, "");
                return true;
            }
            return false;
        };
        rig.cloud.add(OTHER, FakeServer.at("10.9.0.1").tag("hazelcast", "a"));
        assertEquals(List.of("127.0.0.1:5701", "10.9.0.1:5701"), nodes());
    }

    @Test
    void withoutAnAnchorThisServerHasToBeListed() {
        rig.keys().set("tag-key", "hazelcast", "discovery-deadline-seconds", "1");
        peer("10.0.0.2").tag("hazelcast", "a");
        assertTrue(failure().contains("this server (127.0.0.1) is not listed (yet)"));
    }

    @Test
    void inMetadataModeThisServerIsAskedForById() {
        rig.agency().set("tag-key", "hazelcast").here().tag("hazelcast", "a");
        assertEquals(List.of("127.0.0.1:5701"), nodes());
        assertEquals(rig.cloud.host.id, rig.cloud.to("/cloudservers/detail").get(0).one("server_id"));
    }

    @Test
    void metadataWithoutAnIdLeavesTheAddress() {
        rig.agency().set("tag-key", "hazelcast").here().tag("hazelcast", "a");
        rig.cloud.trouble = (seen, exchange) -> {
            if (seen.path.endsWith("/meta_data.json")) {
                FakeCloud.answer(exchange, 200, "{\"availability_zone\":\"lab-north-1a\",\"project_id\":\"project-of-lab-north-1\"}");
                return true;
            }
            return false;
        };
        assertEquals(List.of("127.0.0.1:5701"), nodes());
        assertEquals(Rig.HERE, rig.cloud.to("/cloudservers/detail").get(0).one("ip_eq"));
    }

    @Test
    void anAnchorWithoutTheTagIsAnError() {
        FakeServer anchor = peer("10.0.0.2");
        rig.keys().set("tag-key", "hazelcast", "instance-id", anchor.id).here().tag("hazelcast", "a");
        String sentence = failure();
        assertTrue(sentence.contains("has no tag 'hazelcast'"), sentence);
        assertEquals(0, rig.time.sleeps.size());
    }

    @Test
    void anAnchorIsReadOnce() {
        rig.keys().set("tag-key", "hazelcast").here().tag("hazelcast", "a");
        rig.set("instance-id", rig.cloud.host.id);
        EcsDiscoveryStrategy strategy = rig.strategy();
        for (int i = 0; i < 5; i++) {
            Rig.nodes(strategy);
            rig.time.pass(Duration.ofMinutes(2));
        }
        assertEquals(6, rig.cloud.requests.size());
    }

    @Test
    void manyUntaggedServersGetOneWarning() {
        rig.keys().here();
        for (int i = 2; i < 23; i++) {
            peer("10.0.0." + i);
        }
        EcsDiscoveryStrategy strategy = rig.strategy();
        assertEquals(22, Rig.nodes(strategy).size());
        rig.time.pass(Duration.ofMinutes(2));
        Rig.nodes(strategy);
        assertEquals(1, rig.logged(Level.WARNING, "a tag-key saves time"));
    }

    @Test
    void regionsAndProjectsPairUp() {
        rig.keys().set("region", Rig.REGION + "," + OTHER, "project-id",
                FakeCloud.project(Rig.REGION) + "," + FakeCloud.project(OTHER), "tag-key", "hazelcast", "tag-value", "a");
        rig.here().tag("hazelcast", "a");
        rig.cloud.add(OTHER, FakeServer.at("10.9.0.1").tag("hazelcast", "a"));
        assertEquals(List.of("127.0.0.1:5701", "10.9.0.1:5701"), nodes());
    }

    @Test
    void anAnchorInAnotherRegionIsFound() {
        rig.login().set("region", Rig.REGION + "," + OTHER, "tag-key", "hazelcast");
        rig.properties.remove("project-id");
        rig.here().tag("hazelcast", "a");
        FakeServer anchor = rig.cloud.add(OTHER, FakeServer.at("10.9.0.1").tag("hazelcast", "a"));
        rig.set("instance-id", anchor.id);
        assertEquals(List.of("127.0.0.1:5701", "10.9.0.1:5701"), nodes());
        assertEquals(2, rig.cloud.tokensGiven);
    }

    @Test
    void theAddressIsInTheServersOwnVpc() {
        rig.keys().here();
        FakeServer twoNics = new FakeServer();
        twoNics.vpc = "vpc-2";
        twoNics.addresses.add(new String[] {"vpc-1", "10.0.0.2"});
        twoNics.addresses.add(new String[] {"vpc-2", "10.2.0.2"});
        twoNics.addresses.add(new String[] {"vpc-2", "10.2.0.3"});
        rig.cloud.add(Rig.REGION, twoNics);
        assertEquals(List.of("127.0.0.1:5701", "10.2.0.2:5701"), nodes());
    }

    @Test
    void aNetworkNamesTheAddress() {
        FakeServer here = rig.here();
        here.addresses.add(0, new String[] {"vpc-3", "192.168.7.1"});
        FakeServer peer = peer("172.16.0.9");
        peer.addresses.add(new String[] {"vpc-3", "192.168.7.2"});
        peer("10.0.0.7");
        assertEquals(List.of("192.168.7.1:5701", "192.168.7.2:5701"), Rig.nodes(rig.keys().set("network", "192.168.7.0/24").strategy()));
        assertEquals(List.of("192.168.7.1:5701", "192.168.7.2:5701"), Rig.nodes(rig.set("network", "vpc-3").strategy()));
    }

    @Test
    void theLocalZoneComesFromMetadata() {
        rig.metadata().here().zone("lab-north-1c");
        assertEquals(Map.of("hazelcast.partition.group.zone", "lab-north-1/lab-north-1c"), rig.strategy().discoverLocalMetadata());
    }

    @Test
    void zoneAndPlacementComeFromTheListWhichServesTheJoinToo() {
        rig.keys().here().zone("lab-north-1b").group = "group-7";
        EcsDiscoveryStrategy strategy = rig.strategy();
        assertEquals(Map.of("hazelcast.partition.group.zone", "lab-north-1/lab-north-1b",
                "hazelcast.partition.group.placement", "group-7"), strategy.discoverLocalMetadata());
        Rig.nodes(strategy);
        assertEquals(1, rig.cloud.requests.size());
    }

    @Test
    void theZoneIsThereEvenWhenNothingAnswers() {
        rig.cloud.down();
        assertEquals(Map.of("hazelcast.partition.group.zone", "lab-north-1/unknown"), rig.keys().strategy().discoverLocalMetadata());
    }
}
